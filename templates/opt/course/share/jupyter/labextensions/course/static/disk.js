// A folder that is full, or nearly so, with its largest files.
import { size } from "./figures.js";

const FULL = 4 * 2 ** 20; // bytes: less is of no use to a notebook
const LOW = 200 * 2 ** 20;
const LOW_SHARE = 20; // one 20th of a small quota
const LOOK_AGAIN = 20000; // milliseconds between two searches

function state({ free, total }) {
  if (free < FULL) {
    return "full";
  }
  return free < Math.min(LOW, total / LOW_SHARE) ? "low" : "";
}

function words(found, { free }, files) {
  const what =
    found === "full"
      ? "Your folder is full: nothing more can be saved."
      : `Less than ${Math.ceil(free / 2 ** 20)} MB left in your folder.`;
  return files.length
    ? `${what} Delete what you do not need. The largest files:`
    : `${what} None of your files is large: tell your instructor.`;
}

export function watchDisk({ app, figures, server, notices }) {
  let shown = "";
  let closed = "";
  let searched = 0;
  let listed = "";

  function item(file) {
    const entry = document.createElement("li");
    const figure = ` ${size(file.size)}`;
    if (file.path.split("/").some((part) => part.startsWith("."))) {
      // the file browser does not show what is hidden
      entry.append(file.path, `${figure} (hidden: look at it in a terminal)`);
      return entry;
    }
    const link = document.createElement("a");
    link.href = "#";
    link.textContent = file.path;
    link.addEventListener("click", (event) => {
      event.preventDefault();
      app.commands.execute("filebrowser:go-to-path", { path: file.path });
    });
    entry.append(link, figure);
    return entry;
  }

  function list({ files, complete }) {
    const list = document.createElement("ul");
    list.append(...files.map(item));
    const note = document.createElement("p");
    note.textContent = "There are so many files that not all were looked at.";
    return complete ? [list] : [list, note];
  }

  figures.follow(async (answer) => {
    if (!answer) {
      return;
    }
    const found = state(answer.disk);
    if (!found) {
      if (shown) {
        notices().take("disk");
      }
      shown = closed = listed = "";
      return;
    }
    const due = shown !== found || Date.now() - searched > LOOK_AGAIN;
    if (closed === found || !due) {
      return;
    }
    shown = found;
    searched = Date.now();
    const largest = await server.get("largest");
    const now = JSON.stringify([found, largest]);
    if (shown === found && listed !== now) {
      listed = now; // what has not changed is not read out again
      notices().put("disk", {
        text: words(found, answer.disk, largest.files),
        urgent: found === "full",
        more: list(largest),
        onClose: () => (closed = found),
      });
    }
  });
}
