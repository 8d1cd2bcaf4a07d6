// The plugins, one for each concern: if one fails, JupyterLab says so in the browser's console and the others go on.
import { watchConnection } from "./connection.js";
import { tellDeaths } from "./deaths.js";
import { showDisclosure } from "./disclosure.js";
import { watchDisk } from "./disk.js";
import { offerDownload } from "./download.js";
import { Figures } from "./figures.js";
import { showMemory } from "./memory.js";
import { noticesClass } from "./notices.js";
import { Server } from "./server.js";

export function plugins(jupyter) {
  const { IStatusBar } = jupyter.statusbar;
  const { INotebookTracker } = jupyter.notebook;
  const { IConsoleTracker } = jupyter.console;
  const { ICommandPalette } = jupyter.apputils;
  const { ILauncher } = jupyter.launcher;
  const { IMainMenu } = jupyter.mainmenu;

  const server = new Server(jupyter);
  const figures = new Figures(server);
  const Notices = noticesClass(jupyter.widgets.Widget);
  let notices = null;

  // above everything, made when there is something to say
  function pageNotices(app) {
    if (!notices) {
      notices = new Notices();
      notices.id = "course-notices";
      app.shell.add(notices, "header");
    }
    return notices;
  }

  return [
    {
      id: "course:memory",
      description: "How much memory is in use, in the status bar.",
      autoStart: true,
      requires: [IStatusBar],
      activate: (app, statusBar) => showMemory({ app, figures, statusBar, jupyter }),
    },
    {
      id: "course:deaths",
      description: "Why a kernel died, above its notebook.",
      autoStart: true,
      requires: [INotebookTracker],
      optional: [IConsoleTracker],
      activate: (app, notebooks, consoles) => tellDeaths({ figures, trackers: [notebooks, consoles], Notices }),
    },
    {
      id: "course:disk",
      description: "A folder that is full, or nearly so, and its largest files.",
      autoStart: true,
      activate: (app) => watchDisk({ app, figures, server, notices: () => pageNotices(app) }),
    },
    {
      id: "course:connection",
      description: "A network that lets no websockets through.",
      autoStart: true,
      requires: [INotebookTracker],
      activate: (app, notebooks) => watchConnection({ app, server, notebooks, notices: () => pageNotices(app) }),
    },
    {
      id: "course:disclosure",
      description: "Who may see and open this server, in the status bar.",
      autoStart: true,
      requires: [IStatusBar],
      optional: [ICommandPalette],
      activate: (app, statusBar, palette) => showDisclosure({ app, figures, statusBar, palette, jupyter }),
    },
    {
      id: "course:download",
      description: "Everything in one's folder as a zip.",
      autoStart: true,
      optional: [IMainMenu, ICommandPalette, ILauncher],
      activate: (app, menu, palette, launcher) => offerDownload({ app, server, menu, palette, launcher, jupyter }),
    },
    {
      id: "course:figures",
      description: "Asks the server for the figures while the page is visible.",
      autoStart: true,
      activate: (app) => {
        app.restored.then(() => figures.start()); // not returned: JupyterLab would wait for it before it restores
      },
    },
  ];
}
