// A network that lets no websockets through: pages come, but no cell would ever run.

const PATIENCE = 8000; // milliseconds a websocket has to open
const AGAIN = 10000; // from one attempt to the next
const TWICE = 2;

const words = () =>
  "This network blocks the connection notebooks run over (WebSocket). Cells will not run here. Try another network, " +
  `for example your phone's, or ask the network's administrators to allow wss://${location.host}.`;

export function watchConnection({ app, server, notebooks, notices }) {
  let failures = 0;
  let asking = false;

  const opens = () =>
    new Promise((resolve) => {
      const socket = server.socket("knock");
      const late = setTimeout(() => end(false), PATIENCE);
      function end(opened) {
        clearTimeout(late);
        socket.close();
        resolve(opened);
      }
      socket.onopen = () => end(true);
      socket.onerror = socket.onclose = () => end(false);
    });

  const answers = () =>
    server.get("figures").then(
      () => true,
      () => false, // no network, or no server: JupyterLab says so itself
    );

  // Until a websocket opens.
  async function check() {
    if (asking) {
      return;
    }
    asking = true;
    while (!(await opens())) {
      if (await answers()) {
        failures += 1;
        if (failures === TWICE) {
          notices().put("connection", { text: words() });
        }
      }
      await new Promise((resolve) => setTimeout(resolve, AGAIN));
    }
    if (failures >= TWICE) {
      notices().take("connection");
    }
    failures = 0;
    asking = false;
  }

  app.restored.then(check);
  window.addEventListener("online", check);
  notebooks.widgetAdded.connect((_, panel) => {
    panel.sessionContext.connectionStatusChanged.connect((_context, status) => {
      if (status !== "connected") {
        check();
      }
    });
  });
}
