/* Loaded after require.js and before the widget manager, on pages that show widgets. */
(() => {
  "use strict";
  // Whatever require.js and the widget manager look for, they look for here: not beside the page,
  // and not on another host. The manager searches all script elements for this attribute.
  const here = new URL(".", document.currentScript.src).href;
  require.config({ baseUrl: here });
  document.currentScript.setAttribute("data-jupyter-widgets-cdn", here);
  // The manager gives a slider's handle no name of its own; a screen reader needs one.
  new MutationObserver(() => {
    for (const handle of document.querySelectorAll(".noUi-handle:not([aria-label])")) {
      const label = handle.closest(".jupyter-widgets")?.querySelector("label");
      handle.setAttribute("aria-label", label?.textContent.trim() || "slider");
    }
  }).observe(document.documentElement, { childList: true, subtree: true });
})();
