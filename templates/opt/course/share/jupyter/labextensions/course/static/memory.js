// "Memory 312 MB of 1024 MB" in the status bar: server, kernels and terminals together, under the limit that kills.
import { megabytes } from "./figures.js";

const NEARLY_FULL = 0.8;

export function showMemory({ app, figures, statusBar, jupyter }) {
  const item = new jupyter.widgets.Widget();
  const button = item.node.appendChild(document.createElement("button"));
  button.type = "button";
  button.className = "course-Status course-Memory";
  button.title = "Memory in use by all your notebooks and terminals together. Show what is running";
  button.addEventListener("click", () => app.commands.execute("running:show-panel"));
  // the figure itself changes too often to be read out
  const spoken = item.node.appendChild(document.createElement("span"));
  spoken.className = "course-Spoken";
  spoken.setAttribute("role", "status");
  const changed = new jupyter.signaling.Signal(item);
  let full = false;
  let known = false;

  figures.follow((answer) => {
    known = Boolean(answer?.memory);
    changed.emit();
    if (!known) {
      return;
    }
    const { used, limit } = answer.memory;
    const figure = limit ? `${megabytes(used)} of ${megabytes(limit)}` : megabytes(used);
    full = Boolean(limit) && used >= NEARLY_FULL * limit;
    button.textContent = full ? `⚠ Memory ${figure}: nearly full` : `Memory ${figure}`;
    button.classList.toggle("course-mod-full", full);
    const words = full ? "Memory is nearly full. Shut down notebooks you do not need." : "";
    if (spoken.textContent !== words) {
      spoken.textContent = words;
    }
  });
  statusBar.registerStatusItem("course:memory", {
    item,
    align: "left",
    rank: 10,
    priority: 1, // also in a narrow window
    isActive: () => known,
    activeStateChanged: changed,
  });
}
