// Everything in one's folder as a zip: in the File menu, among the commands, and in the launcher.

const COMMAND = "course:download-everything";
const LABEL = "Download Everything as a Zip";

export function offerDownload({ app, server, menu, palette, launcher, jupyter }) {
  app.commands.addCommand(COMMAND, {
    label: LABEL,
    caption: "All files in your folder, without hidden ones",
    icon: jupyter.ui.downloadIcon,
    execute: () => {
      const link = document.createElement("a");
      link.href = server.url("home.zip");
      link.download = "";
      document.body.append(link);
      link.click();
      link.remove();
    },
  });
  menu?.fileMenu.addGroup([{ command: COMMAND }], 6); // after JupyterLab's own downloads
  palette?.addItem({ command: COMMAND, category: "File Operations" });
  launcher?.add({ command: COMMAND, category: "Other", rank: 10 });
}
