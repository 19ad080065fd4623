// Runs before the page is drawn: the theme that was chosen the last time, if one was.
"use strict";

document.documentElement.classList.add("scripted");
try {
  const theme = localStorage.getItem("billql-theme");
  if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;
} catch {
  // A browser may forbid storage; the system's theme holds then.
}
