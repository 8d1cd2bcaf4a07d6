// The server's figures, asked for every few seconds while somebody can see the page.

const EVERY = 5000; // milliseconds
const AFTER_FAILURE = 20000;

export class Figures {
  constructor(server) {
    this.server = server;
    this.listeners = [];
    this.timer = 0;
    this.started = false;
  }

  // Have `listener` called with each answer, and with null while there is none.
  follow(listener) {
    this.listeners.push(listener);
  }

  start() {
    this.started = true;
    document.addEventListener("visibilitychange", () => this.refresh());
    this.refresh();
  }

  // Ask now; resolves to the answer, or null. Nobody is asked for a page that is hidden, but `always`.
  async refresh(always = false) {
    clearTimeout(this.timer);
    if (document.hidden && !always) {
      return null;
    }
    let answer = null;
    try {
      answer = await this.server.get("figures");
    } catch (error) {
      console.warn("The course's figures cannot be had.", error);
    }
    for (const listener of this.listeners) {
      try {
        listener(answer);
      } catch (error) {
        console.error(error);
      }
    }
    clearTimeout(this.timer); // somebody else may have asked meanwhile
    if (this.started) {
      this.timer = setTimeout(() => this.refresh(), answer ? EVERY : AFTER_FAILURE);
    }
    return answer;
  }
}

// "312 MB"; as in the course's settings, a MB is 1024 times 1024 bytes.
export function megabytes(bytes) {
  return `${Math.round(bytes / 2 ** 20)} MB`;
}

// "1.0", of GB
export function gigabytes(bytes) {
  return (bytes / 2 ** 30).toFixed(1);
}

export function size(bytes) {
  return bytes < 2 ** 30 ? megabytes(bytes) : `${gigabytes(bytes)} GB`;
}
