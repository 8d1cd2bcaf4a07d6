// JupyterLab's way in: the container interface of module federation, written by hand, so that there is nothing to build.
// JupyterLab calls init() with the modules it shares, then get() for each entry of "_build" in package.json.
"use strict";
(() => {
  const here = new URL(".", document.currentScript.src);
  const NEEDED = {
    apputils: "@jupyterlab/apputils",
    console: "@jupyterlab/console",
    coreutils: "@jupyterlab/coreutils",
    launcher: "@jupyterlab/launcher",
    mainmenu: "@jupyterlab/mainmenu",
    notebook: "@jupyterlab/notebook",
    services: "@jupyterlab/services",
    signaling: "@lumino/signaling",
    statusbar: "@jupyterlab/statusbar",
    ui: "@jupyterlab/ui-components",
    widgets: "@lumino/widgets",
  };
  let scope;

  async function shared(name) {
    const [version] = Object.values(scope[name]); // JupyterLab has one of each
    const factory = await version.get();
    return factory();
  }

  async function extension() {
    const names = Object.keys(NEEDED);
    const modules = await Promise.all(names.map((name) => shared(NEEDED[name])));
    const jupyter = Object.fromEntries(names.map((name, at) => [name, modules[at]]));
    const { plugins } = await import(new URL("plugins.js", here));
    return { __esModule: true, default: plugins(jupyter) };
  }

  async function style() {
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = new URL("course.css", here);
    document.head.append(link);
    return {};
  }

  window._JUPYTERLAB = window._JUPYTERLAB || {};
  window._JUPYTERLAB.course = {
    init(modules) {
      scope = modules;
    },
    async get(entry) {
      const module = entry === "./style" ? await style() : await extension();
      return () => module;
    },
  };
})();
