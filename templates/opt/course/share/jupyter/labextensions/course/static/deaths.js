// Why a kernel died, above its notebook, in place of JupyterLab's dialog, which knows no reason.
import { gigabytes } from "./figures.js";

const TOLD = "course:deaths-told"; // id of the latest death this browser has told of; ids are times

function words({ sessionContext, title }, death) {
  const kernel = `The kernel of ${title.label}`;
  const kept = sessionContext.type === "console" ? "Your files are safe" : "Your notebook is safe";
  const safe = `${kept}; what was in variables is gone.`;
  switch (death?.cause) {
    case "memory": {
      const figure = death.limit ? ` (${gigabytes(death.used)} of ${gigabytes(death.limit)} GB)` : "";
      return `${kernel} used more memory than there is for you${figure} and was stopped. ${safe} Run the cells again with less data at once.`;
    }
    case "class":
      return `${kernel} was stopped because the whole class together used more memory than the server has. ${safe} Run the cells again in a few minutes, and tell your instructor if it happens again.`;
    case "other":
      return `${kernel} stopped, and not for lack of memory: something it ran has ended it. ${safe} Run the cells again; if it stops at the same cell, ask for help with that cell.`;
    default:
      return `${kernel} stopped. ${safe} Run the cells again.`;
  }
}

function lastTold() {
  try {
    return Number(localStorage.getItem(TOLD)) || 0;
  } catch {
    return 0; // a browser that keeps nothing is told again after a reload
  }
}

function remember(death) {
  try {
    localStorage.setItem(TOLD, String(Math.max(death.id, lastTold())));
  } catch {
    // as above
  }
}

export function tellDeaths({ figures, trackers, Notices }) {
  const told = new Set();
  const since = lastTold();
  const notices = new WeakMap();
  const panels = () => trackers.flatMap((tracker) => (tracker ? tracker.filter(() => true) : []));
  const kernelOf = (panel) => panel.sessionContext.session?.kernel?.id;

  function tell(panel, death) {
    if (!notices.has(panel)) {
      notices.set(panel, new Notices());
      panel.contentHeader.addWidget(notices.get(panel));
    }
    notices.get(panel).put("death", { text: words(panel, death) });
  }

  // also of what happened while no page was open
  figures.follow((answer) => {
    for (const death of answer?.deaths ?? []) {
      const panel = panels().find((one) => kernelOf(one) === death.kernel);
      if (panel && death.id > since && !told.has(death.id)) {
        told.add(death.id);
        remember(death);
        tell(panel, death);
      }
    }
  });

  function attend(_, panel) {
    const { sessionContext } = panel;
    // private to JupyterLab; should it be renamed one day, its dialog comes beside the notice
    if (panel._onSessionStatusChanged) {
      sessionContext.statusChanged.disconnect(panel._onSessionStatusChanged, panel);
    }
    sessionContext.statusChanged.connect(async (_context, status) => {
      if (status !== "autorestarting" && status !== "dead") {
        return;
      }
      const answer = await figures.refresh(true);
      if (!answer && !panel.isDisposed) {
        tell(panel, null);
      }
    });
  }

  for (const tracker of trackers.filter(Boolean)) {
    tracker.forEach((panel) => attend(tracker, panel));
    tracker.widgetAdded.connect(attend);
  }
}
