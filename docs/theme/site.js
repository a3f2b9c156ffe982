// What the theme's own page lacks for whoever hears it or has no mouse.
document$.subscribe(() => {
  document.querySelector(".md-search").setAttribute("aria-label", "Search");
  for (const table of document.querySelectorAll(".md-typeset__scrollwrap")) table.tabIndex = 0; // arrow keys scroll it
  for (const buttons of document.querySelectorAll(".md-code__nav")) buttons.setAttribute("role", "none"); // no landmark
});
