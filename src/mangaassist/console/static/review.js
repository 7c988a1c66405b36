// One item after the other: the next one is here before it is needed, and a decision is sent while it is already shown.
"use strict";
(() => {
  const card = document.getElementById("item");
  const told = document.getElementById("told");
  const editForm = document.getElementById("edit");
  const where = { kind: card.dataset.kind, cluster: card.dataset.cluster };
  let queue = [];
  let pending = 0;
  const underWay = new Set(); // decided here, but perhaps not yet there: an answer may still offer them
  let sending = Promise.resolve();

  const element = (name, text, className) => {
    const made = document.createElement(name);
    if (text !== undefined && text !== null) made.textContent = text;
    if (className) made.className = className;
    return made;
  };

  const show = () => {
    editForm.hidden = true;
    const item = queue[0];
    card.replaceChildren();
    card.setAttribute("aria-busy", "false");
    card.dataset.item = item ? item.id : "";
    if (!item) {
      const [said, look] = pending ? ["Loading…", "soft"] : ["Nothing is left to review here.", "good"];
      card.append(element("p", said, look));
      return;
    }
    card.append(element("h2", item.question));
    const list = element("ul", null, "texts");
    item.texts.forEach((text) => list.append(element("li", text)));
    card.append(list);
    if (item.phrase) card.append(element("p", `“${item.phrase}” → ${item.facets.join(", ")}`, "big"));
    const heading = item.details.heading || item.details.title || item.document;
    if (heading) card.append(element("p", heading, "big"));
    card.append(element("p", item.reason));
    const facts = Object.entries(item.details).filter(([name]) => name !== "heading" && name !== "title");
    if (facts.length) {
      const table = element("ul", null, "small soft");
      facts.forEach(([name, value]) => table.append(element("li", `${name}: ${value}`)));
      card.append(table);
    }
    const told = [item.kind, item.document, item.searches ? `${item.searches} logged searches` : "", item.cluster];
    card.append(element("p", told.filter(Boolean).join(" · "), "small soft"));
  };

  const put = (items) => {
    // What is on the screen stays there; what came behind it is news.
    const shown = queue[0];
    queue = items.filter((item) => !underWay.has(item.id) && (!shown || item.id !== shown.id));
    if (shown) queue.unshift(shown);
    if (!shown) show();
  };

  const post = async (path, fields) => {
    const body = new URLSearchParams({ ...where, ...fields });
    const answer = await fetch(path, {
      method: "POST",
      body,
      headers: { accept: "application/json", "x-form-token": document.body.dataset.formToken },
    });
    const content = await answer.json();
    if (!answer.ok) throw new Error(content.error);
    return content;
  };

  const count = (change) => { pending += change; card.dataset.pending = pending; };

  const later = (work) => {
    count(1);
    sending = sending
      .then(work)
      .catch((error) => { told.textContent = error.message; })
      .finally(() => { count(-1); if (!queue.length) show(); });
  };

  const decide = (verdict, extra) => {
    const item = queue[0];
    if (!item) return;
    queue.shift();
    told.textContent = `${verdict}: ${item.texts[0] || item.phrase || item.id}`;
    underWay.add(item.id);
    later(async () => {
      try {
        put((await post("/review/decide", { item: item.id, verdict, ...extra })).items);
      } finally {
        underWay.delete(item.id);
      }
    });
    show();
  };

  const undo = () => later(async () => {
    const answer = await post("/review/undo", {});
    told.textContent = answer.undone.length ? `taken back: ${answer.undone.length}` : "nothing to take back";
    queue = answer.items;
    const back = queue.findIndex((item) => answer.undone.includes(item.id));
    if (back > 0) queue.unshift(...queue.splice(back, 1));
    show();
  });

  const decideCluster = (verdict) => {
    const item = queue[0];
    if (!item || !item.cluster) { told.textContent = "this item is of no need"; return; }
    later(async () => {
      const answer = await post("/review/cluster", { of: item.cluster, verdict });
      told.textContent = `${verdict}: ${answer.decided} items of ${item.cluster}`;
      queue = answer.items;
      show();
    });
  };

  const edit = () => {
    const item = queue[0];
    if (!item) return;
    const isLexicon = item.kind === "lexicon";
    document.getElementById("edit-document").hidden = isLexicon;
    document.getElementById("edit-facets").hidden = !isLexicon;
    const texts = document.getElementById("edit-texts");
    texts.hidden = isLexicon;
    texts.replaceChildren(element("legend", "Searches it answers"));
    item.keys.forEach((key, index) => {
      const label = element("label");
      const box = document.createElement("input");
      box.type = "checkbox"; box.checked = true; box.value = key;
      label.append(box, ` ${item.texts[index]}`);
      texts.append(label);
    });
    editForm.elements.document.value = item.document || "";
    editForm.elements.facets.value = item.facets.join(", ");
    editForm.hidden = false;
    [...editForm.querySelectorAll("input")].find((input) => input.offsetParent).focus(); // the first that is shown
  };

  editForm.addEventListener("submit", (event) => {
    event.preventDefault();
    const item = queue[0];
    if (item.kind === "lexicon") { decide("edit", { facets: editForm.elements.facets.value }); return; }
    const kept = [...editForm.querySelectorAll("#edit-texts input:checked")].map((box) => box.value);
    const extra = {};
    if (kept.length !== item.keys.length) extra.texts = kept.join("\n");
    if (editForm.elements.document.value !== (item.document || "")) extra.document = editForm.elements.document.value;
    decide("edit", extra);
  });
  document.getElementById("edit-cancel").addEventListener("click", () => { editForm.hidden = true; });

  const actions = {
    a: () => decide("accept"), r: () => decide("reject"), s: () => decide("skip"), e: edit, u: undo,
    A: () => decideCluster("accept"), R: () => decideCluster("reject"),
  };
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { editForm.hidden = true; return; }
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea")) return;
    const action = actions[event.key];
    if (action) { event.preventDefault(); action(); }
  });
  document.getElementById("actions").addEventListener("click", (event) => {
    const pressed = event.target.closest("button");
    if (!pressed) return;
    if (pressed.dataset.undo) undo();
    else if (pressed.dataset.clusterVerdict) decideCluster(pressed.dataset.clusterVerdict);
    else if (pressed.dataset.verdict === "edit") edit();
    else decide(pressed.dataset.verdict);
  });

  const query = new URLSearchParams(where);
  fetch(`/review/next?${query}`, { headers: { accept: "application/json" } })
    .then(async (answer) => {
      const content = await answer.json();
      if (!answer.ok) throw new Error(content.error);
      put(content.items);
      if (!queue.length) show();
    })
    .catch((error) => { card.textContent = error.message; });
})();
