// Who may see and open this server: the sentence in the status bar, whole in a dialog.

const COMMAND = "course:disclosure";
const TITLE = "Who Can See My Server";

export function showDisclosure({ app, figures, statusBar, palette, jupyter }) {
  const { Dialog, showDialog } = jupyter.apputils;
  const item = new jupyter.widgets.Widget();
  const button = item.node.appendChild(document.createElement("button"));
  button.type = "button";
  button.className = "course-Status course-Disclosure";
  button.addEventListener("click", () => app.commands.execute(COMMAND));
  const changed = new jupyter.signaling.Signal(item);
  let sentence = "";

  app.commands.addCommand(COMMAND, {
    label: TITLE,
    execute: () =>
      showDialog({
        title: TITLE,
        body: sentence || "Only you can open your server.",
        buttons: [Dialog.okButton({ label: "Close" })],
      }),
  });
  palette?.addItem({ command: COMMAND, category: "Help" });
  figures.follow((answer) => {
    if (answer && answer.disclosure !== sentence) {
      sentence = answer.disclosure;
      button.textContent = sentence; // cut by the style where there is no room, never for a screen reader
      button.title = sentence;
      changed.emit();
    }
  });
  statusBar.registerStatusItem(COMMAND, {
    item,
    align: "left",
    rank: 11,
    priority: 1,
    isActive: () => Boolean(sentence),
    activeStateChanged: changed,
  });
}
