// The student's own server: coursehub/lab/handlers.py answers.

export class Server {
  constructor({ services, coreutils }) {
    this.settings = services.ServerConnection.makeSettings();
    this.request = services.ServerConnection.makeRequest;
    this.join = coreutils.URLExt.join;
  }

  url(path) {
    return this.join(this.settings.baseUrl, "course", path);
  }

  // What the server answers, read as JSON; any other answer than success is an error.
  async get(path) {
    const answer = await this.request(this.url(path), {}, this.settings);
    if (!answer.ok) {
      throw new Error(`${path}: ${answer.status}`);
    }
    return answer.json();
  }

  socket(path) {
    const url = this.join(this.settings.wsUrl, "course", path);
    const { token, appendToken } = this.settings;
    return new WebSocket(token && appendToken ? `${url}?token=${encodeURIComponent(token)}` : url);
  }
}
