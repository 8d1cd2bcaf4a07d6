// Notices above the page or above one notebook: they stay until they are closed, or what they say is no longer so.

export function noticesClass(Widget) {
  return class Notices extends Widget {
    constructor() {
      super();
      this.addClass("course-Notices");
      this.inner = this.node.appendChild(document.createElement("div"));
      this.shown = new Map();
      this.resized = new ResizeObserver(() => this.fitHeight());
      this.resized.observe(this.inner);
      this.hide();
    }

    dispose() {
      this.resized.disconnect();
      super.dispose();
    }

    // Put up a notice, in place of an earlier one of the same name. It is read out at once if `urgent`, else when the
    // reader comes to an end. `more` are nodes below the text.
    put(name, { text, urgent = true, more = [], onClose = () => {} }) {
      this.take(name);
      const notice = document.createElement("div");
      notice.className = "course-Notice";
      notice.dataset.notice = name;
      notice.setAttribute("role", urgent ? "alert" : "status");
      const words = document.createElement("div");
      const sentence = document.createElement("p");
      sentence.textContent = text;
      words.append(sentence, ...more);
      const close = document.createElement("button");
      close.type = "button";
      close.textContent = "Close";
      close.setAttribute("aria-label", "Close this notice");
      close.addEventListener("click", () => {
        this.take(name);
        onClose();
      });
      notice.append(words, close);
      this.shown.set(name, notice);
      this.inner.append(notice);
      this.show();
    }

    // Take a notice away.
    take(name) {
      this.shown.get(name)?.remove();
      this.shown.delete(name);
      if (!this.shown.size) {
        this.hide();
      }
    }

    // Lumino's boxes give a widget no more height than it asks for in its style.
    fitHeight() {
      this.node.style.minHeight = `${this.inner.offsetHeight}px`;
      this.parent?.fit();
    }
  };
}
