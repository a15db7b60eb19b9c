// Runs before the first paint so that neither theme nor language flashes; a file of its own because the
// server's content policy forbids inline scripts.
(() => {
  const read = (key) => {
    try {
      return localStorage.getItem(key);
    } catch {
      return null;
    }
  };
  const chosen = read("plantroom.theme");
  const dark =
    chosen === "dark" || (chosen !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  document.documentElement.lang = read("plantroom.locale") === "en" ? "en" : "zh-Hans";
})();
