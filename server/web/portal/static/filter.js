// Narrows a long table to the rows that hold what was typed, diacritics and tone positions aside (đ counts as d).
"use strict";
const fold = (text) => text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").replace(/[đĐ]/g, "d").toLowerCase();
for (const box of document.querySelectorAll("input[data-filters]")) {
  const table = box.dataset.filters;
  const rows = [...document.querySelectorAll(`#${table} tbody tr`)].map((row) => [row, fold(row.textContent)]);
  const count = document.querySelector(`[data-counts="${table}"]`);
  const narrow = () => {
    const wanted = fold(box.value.trim());
    let shown = 0;
    for (const [row, text] of rows) {
      row.hidden = !text.includes(wanted);
      shown += row.hidden ? 0 : 1;
    }
    count.textContent = wanted ? `${shown} trên ${rows.length} ${box.dataset.noun || "đơn vị"}` : "";
  };
  box.addEventListener("input", narrow);
  narrow(); // a browser may have kept what was typed before
}
