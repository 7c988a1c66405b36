// Keys on every page: g and a number goes to a page, / to the first search field.
"use strict";
(() => {
  let isGoing = false;
  const isTyping = (target) => target.closest("input, textarea, select") !== null;
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (isGoing && /^[1-9]$/.test(event.key)) {
      document.querySelectorAll("nav a")[Number(event.key) - 1]?.click();
    } else if (event.key === "/") {
      const field = document.querySelector("form[role=search] input");
      if (field) { event.preventDefault(); field.focus(); field.select(); }
    }
    isGoing = event.key === "g";
  });
})();
