"use strict";
// Sorts a table by the column whose heading is pressed, and shows the rows that the fields above it ask for.
// A cell is compared by its data-value, a number, or by its text.

const collator = new Intl.Collator(undefined, { numeric: true });

function value(row, column) {
  const cell = row.cells[column];
  return cell.dataset.value === undefined ? cell.textContent.trim() : Number(cell.dataset.value);
}

function compare(a, b) {
  return typeof a === "number" && typeof b === "number" ? a - b : collator.compare(String(a), String(b));
}

function sort(table, button) {
  const heading = button.closest("th");
  const first = heading.dataset.first || "ascending";
  const other = first === "ascending" ? "descending" : "ascending";
  const order = heading.getAttribute("aria-sort") === first ? other : first;
  for (const th of table.tHead.rows[0].cells) th.removeAttribute("aria-sort");
  heading.setAttribute("aria-sort", order);
  const sign = order === "ascending" ? 1 : -1;
  const rows = [...table.tBodies[0].rows];
  rows.sort((a, b) => sign * compare(value(a, heading.cellIndex), value(b, heading.cellIndex)));
  table.tBodies[0].append(...rows);
}

for (const table of document.querySelectorAll("table.sortable")) {
  for (const button of table.tHead.querySelectorAll("button")) {
    button.addEventListener("click", () => sort(table, button));
  }
}

const students = document.getElementById("students");
const text = document.getElementById("text");
const state = document.getElementById("state");
const shown = document.getElementById("shown");
const bins = [...document.querySelectorAll(".bins button")];

function filter() {
  const words = text.value.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  const bin = bins.find((button) => button.getAttribute("aria-pressed") === "true");
  let count = 0;
  for (const row of students.tBodies[0].rows) {
    const about = (row.textContent + " " + row.dataset.about).toLocaleLowerCase();
    const inBin = !bin || row.dataset.bin === bin.dataset.bin;
    row.hidden = !(inBin && (!state.value || row.dataset.state === state.value) && words.every((w) => about.includes(w)));
    count += row.hidden ? 0 : 1;
  }
  shown.textContent = count + " of " + students.tBodies[0].rows.length + " shown";
}

for (const button of bins) {
  button.addEventListener("click", () => {
    const pressed = button.getAttribute("aria-pressed") !== "true";
    for (const other of bins) other.setAttribute("aria-pressed", "false");
    button.setAttribute("aria-pressed", String(pressed));
    filter();
  });
}
text.addEventListener("input", filter);
state.addEventListener("change", filter);
document.getElementById("clear").addEventListener("click", () => {
  text.value = state.value = "";
  for (const button of bins) button.setAttribute("aria-pressed", "false");
  filter();
});
for (const button of document.querySelectorAll("button[data-find]")) {
  button.addEventListener("click", () => {
    text.value = button.dataset.find;
    filter();
    document.getElementById("everyone").scrollIntoView();
  });
}
filter();
