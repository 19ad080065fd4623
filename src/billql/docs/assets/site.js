// What a page of the site can do: change its theme, open its menu, copy code, and search.
"use strict";

const root = document.documentElement;
const status = document.querySelector(".said");

function say(text) {
  status.textContent = text;
}

// The theme ----------------------------------------------------------------------------------

const themeButton = document.querySelector(".theme");

function theme() {
  if (root.dataset.theme) return root.dataset.theme;
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

themeButton.addEventListener("click", () => {
  root.dataset.theme = theme() === "dark" ? "light" : "dark";
  try {
    localStorage.setItem("billql-theme", root.dataset.theme);
  } catch {
    // It holds for this page alone then.
  }
  say(`The ${root.dataset.theme} theme is on.`);
});

// The menu of a narrow window ----------------------------------------------------------------

const menuButton = document.querySelector(".menu");

function showMenu(open) {
  root.classList.toggle("with-menu", open);
  menuButton.setAttribute("aria-expanded", String(open));
}

menuButton.addEventListener("click", () => showMenu(!root.classList.contains("with-menu")));
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && root.classList.contains("with-menu")) {
    showMenu(false);
    menuButton.focus();
  }
});

// Only the navigation itself is scrolled to its entry, never the page.
const navigation = document.getElementById("navigation");
const here = navigation.querySelector("[aria-current]");
if (here) navigation.scrollTop = here.offsetTop - navigation.clientHeight / 3;

// Copying ------------------------------------------------------------------------------------

async function copy(text) {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(text);
    return;
  }
  // Pages that came over plain http have no clipboard; this older way works there.
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  const copied = document.execCommand("copy");
  area.remove();
  if (!copied) throw new Error("The browser did not copy.");
}

function addCopyButton(place, code) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copier";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    try {
      await copy(code.textContent.trimEnd());
      button.textContent = "Copied";
      say("Copied.");
    } catch {
      button.textContent = "Not copied";
      say("The browser did not allow copying.");
    }
    setTimeout(() => {
      button.textContent = "Copy";
    }, 1500);
  });
  place.append(button);
}

for (const block of document.querySelectorAll('.code:not([data-language="text"])')) {
  addCopyButton(block, block.querySelector("code"));
}
for (const name of document.querySelectorAll("code.copy")) {
  addCopyButton(name.parentElement, name);
}

// Search -------------------------------------------------------------------------------------

const MOST = 12;
const field = document.querySelector(".search input");
const list = document.getElementById("results");
let chosen = -1;

// A name like billing.invoice_items is found by each of its parts too.
function wordsOf(text) {
  return text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}

const ENTRIES = INDEX.map(([title, path, kind, text, words]) => ({
  title,
  path,
  kind,
  text,
  lower: title.toLowerCase(),
  inTitle: wordsOf(title),
  inWords: wordsOf(words),
  inText: wordsOf(text),
}));

function weight(word, found) {
  let best = 0;
  for (const one of found) {
    if (one === word) return 2;
    if (one.startsWith(word)) best = 1;
  }
  return best;
}

// Every word that was typed must be found, as the beginning of a word; where tells how well.
function score(entry, words, typed) {
  let sum = entry.lower === typed || entry.lower.endsWith(`.${typed}`) ? 100 : 0;
  for (const word of words) {
    const best = Math.max(
      10 * weight(word, entry.inTitle),
      3 * weight(word, entry.inWords),
      weight(word, entry.inText),
    );
    if (best === 0) return 0;
    sum += best;
  }
  return sum - entry.inTitle.length / 10;
}

function find(typed) {
  const words = wordsOf(typed);
  if (words.length === 0) return [];
  return ENTRIES.map((entry) => [score(entry, words, typed.trim().toLowerCase()), entry])
    .filter(([points]) => points > 0)
    .sort((one, other) => other[0] - one[0])
    .slice(0, MOST)
    .map(([, entry]) => entry);
}

function element(name, className, text) {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  return made;
}

function choose(number) {
  const options = [...list.children];
  chosen = options.length === 0 ? -1 : (number + options.length) % options.length;
  options.forEach((option, place) => option.setAttribute("aria-selected", place === chosen));
  if (chosen >= 0 && options[chosen].id) {
    field.setAttribute("aria-activedescendant", options[chosen].id);
    options[chosen].scrollIntoView({ block: "nearest" });
  } else {
    field.removeAttribute("aria-activedescendant");
  }
}

function showResults(open) {
  list.hidden = !open;
  field.setAttribute("aria-expanded", String(open));
  if (!open) choose(-1);
}

function search() {
  const typed = field.value;
  const entries = find(typed);
  list.replaceChildren(
    ...entries.map((entry, number) => {
      const option = document.createElement("li");
      option.id = `result-${number}`;
      option.setAttribute("role", "option");
      const link = document.createElement("a");
      link.href = `${root.dataset.root}/${entry.path}`;
      link.tabIndex = -1;
      link.append(
        element("span", "title", entry.title),
        element("span", "kind", entry.kind),
        element("span", "text", entry.text),
      );
      option.append(link);
      return option;
    }),
  );
  if (typed.trim() && entries.length === 0) {
    list.append(element("li", "nothing", "Nothing is found."));
  }
  showResults(list.children.length > 0);
  if (entries.length > 0) choose(0);
}

field.addEventListener("input", search);
field.addEventListener("focus", () => {
  if (field.value) search();
});
field.addEventListener("keydown", (event) => {
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    choose(chosen + (event.key === "ArrowDown" ? 1 : -1));
  } else if (event.key === "Enter") {
    list.children[chosen]?.querySelector("a")?.click();
  } else if (event.key === "Escape") {
    field.value = "";
    showResults(false);
  }
});
document.addEventListener("pointerdown", (event) => {
  if (!event.target.closest(".search")) showResults(false);
});
field.addEventListener("blur", (event) => {
  if (!list.contains(event.relatedTarget)) showResults(false);
});
list.addEventListener("pointerdown", (event) => event.preventDefault());
list.addEventListener("click", () => showResults(false));
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    field.focus();
  }
});
