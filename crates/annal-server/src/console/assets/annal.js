// What pages gain by a script. Each of them works without it.
"use strict";
(() => {
  const $ = (selector, within = document) => within.querySelector(selector);
  const $$ = (selector, within = document) => [...within.querySelectorAll(selector)];
  const make = (name, attributes = {}, ...content) => {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...content);
    return element;
  };
  const say = (text) => { $("#said").textContent = text; };
  const zone = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short", timeZoneName: undefined });
  const zoneName = new Intl.DateTimeFormat("en", { timeZoneName: "short" });

  // Times: the reader's own zone beside UTC.
  const localTimes = (within) => {
    const name = (at) => zoneName.formatToParts(at).find((part) => part.type === "timeZoneName")?.value ?? "";
    for (const time of $$("time[datetime]", within)) {
      const at = new Date(time.dateTime);
      if (Number.isNaN(at.valueOf()) || $(".local", time) || name(at) === "UTC") continue;
      time.append(" ", make("span", { class: "local" }, `${zone.format(at)} ${name(at)}`));
    }
  };

  // Tables: sort by a column, filter by words, pick many.
  const rows = (table) => $$("tbody > tr", table);
  const shown = (table) => rows(table).filter((row) => !row.hidden);
  const valueOf = (row, index) => {
    const cell = row.cells[index];
    return cell ? cell.dataset.sort ?? cell.textContent.trim() : "";
  };
  const order = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
  const sortBy = (table, head) => {
    const index = [...head.parentNode.children].indexOf(head);
    const down = head.ariaSort === "ascending";
    for (const other of head.parentNode.children) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const sorted = rows(table).sort((a, b) => order.compare(valueOf(a, index), valueOf(b, index)));
    if (down) sorted.reverse();
    $("tbody", table).append(...sorted);
    say(`Sorted by ${head.textContent.trim()}, ${down ? "descending" : "ascending"}.`);
  };
  const filter = (input) => {
    const table = document.getElementById(input.dataset.filter);
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const row of rows(table)) {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
      // What is not seen is not acted on.
      if (row.hidden) for (const box of boxes(row)) box.checked = false;
    }
    const told = `${shown(table).length} of ${rows(table).length}`;
    input.parentNode.querySelector("output").textContent = told;
    say(`${told} shown`);
    count(table);
  };
  const boxes = (within) => $$(".pick input[type=checkbox]", within).filter((box) => !box.dataset.all);
  const count = (table) => {
    const all = shown(table).flatMap(boxes);
    const picked = all.filter((box) => box.checked).length;
    const box = $("[data-all]", table);
    if (box) {
      box.checked = picked > 0 && picked === all.length;
      box.indeterminate = picked > 0 && picked < all.length;
    }
    for (const told of $$(`[data-count="${CSS.escape(table.id)}"]`)) told.textContent = `${picked} picked`;
  };
  const pickable = (table, head) => {
    const all = make("input", { type: "checkbox", "data-all": "1", "aria-label": "Pick all that are shown" });
    head.replaceChildren(all);
    let last = null;
    table.addEventListener("click", (event) => {
      const box = event.target;
      if (!(box instanceof HTMLInputElement) || box.type !== "checkbox") return;
      const visible = shown(table).flatMap(boxes);
      if (box === all) for (const one of visible) one.checked = all.checked;
      else if (event.shiftKey && last) {
        const [from, to] = [visible.indexOf(last), visible.indexOf(box)].sort((a, b) => a - b);
        for (const one of visible.slice(Math.max(from, 0), to + 1)) one.checked = box.checked;
      }
      if (box !== all) last = box;
      count(table);
    });
    count(table);
  };
  const tables = (within) => {
    for (const table of $$("table[data-sorts]", within)) {
      for (const head of $$("th[data-sorts]", table)) {
        const button = make("button", { type: "button" }, head.textContent.trim());
        head.replaceChildren(button);
        button.addEventListener("click", () => sortBy(table, head));
      }
      const head = $("th[data-pick-all]", table);
      if (head) pickable(table, head);
    }
    for (const input of $$("input[data-filter]", within)) {
      input.addEventListener("input", () => filter(input));
      input.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });
    }
    for (const hidden of $$("[data-script]", within)) hidden.hidden = false;
  };

  // Forms: a second click sends nothing; what was typed is not thrown away by a refresh.
  let typed = false;
  document.addEventListener("input", (event) => { if (event.target.form?.method === "post") typed = true; });
  document.addEventListener("change", (event) => { if (event.target.form?.method === "post") typed = true; });
  document.addEventListener("submit", (event) => {
    if (event.target.dataset.sent) { event.preventDefault(); return; }
    if (event.target.method !== "post") return;
    event.target.dataset.sent = "1";
    for (const button of $$("button", event.target)) button.setAttribute("aria-disabled", "true");
  });
  window.addEventListener("pageshow", () => {
    for (const form of $$("form[data-sent]")) delete form.dataset.sent;
    for (const button of $$("button[aria-disabled]")) button.removeAttribute("aria-disabled");
  });

  // Keys: those of the page's buttons, and moving through the rows of its table.
  const step = (by) => {
    const table = $("table[data-keys]") ?? $("table[data-sorts]");
    if (!table) return;
    const visible = shown(table);
    const now = visible.findIndex((row) => row.classList.contains("at"));
    const next = visible[Math.min(Math.max(now + by, 0), visible.length - 1)];
    for (const row of visible) row.classList.remove("at");
    if (!next) return;
    next.classList.add("at");
    next.scrollIntoView({ block: "nearest" });
    ($(".pick input", next) ?? $("a", next))?.focus({ preventScroll: true });
  };
  const press = (key) => {
    const button = $$(`[data-key="${CSS.escape(key)}"]`).find((it) => it.getClientRects().length);
    if (!button) return false;
    const table = $("table[data-keys]");
    const at = table && $("tr.at", table);
    // With nothing picked, a key means the row that one stands on.
    if (at && !boxes(table).some((box) => box.checked)) for (const box of boxes(at)) box.checked = true;
    if (table) count(table);
    button.click();
    return true;
  };
  const help = () => {
    const list = make("dl", { class: "keys" });
    const line = (key, what) => list.append(make("dt", {}, make("kbd", {}, key)), make("dd", {}, what));
    line("j", "next row");
    line("k", "row before");
    line("x", "pick or drop the row");
    line("/", "filter");
    for (const it of $$("[data-key]")) line(it.dataset.key, it.dataset.means ?? it.textContent.replace(/\s+\S$/, "").trim());
    line("?", "this list");
    const close = make("button", {}, "Close");
    const dialog = make("dialog", { "aria-labelledby": "keys-title" }, make("h2", { id: "keys-title" }, "Keys of this page"), list, make("form", { method: "dialog" }, close));
    dialog.addEventListener("close", () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
  };
  document.addEventListener("keydown", (event) => {
    const writes = event.target.matches?.("textarea, select, input:not([type=checkbox], [type=radio], [type=range])");
    if (event.ctrlKey || event.metaKey || event.altKey || writes || $("dialog[open]")) return;
    const known = {
      j: () => step(1),
      k: () => step(-1),
      x: () => $("tr.at .pick input")?.click(),
      "/": () => $("input[data-filter]")?.focus(),
      "?": help,
    }[event.key];
    if (known) known();
    else if (!press(event.key)) return;
    event.preventDefault();
  });

  // Time: the slider shows another moment without loading the page anew.
  let wanted = 0;
  const travel = (form) => {
    const slider = $("input[type=range]", form);
    const moments = $$("select option", form);
    const select = $("select", form);
    for (const hidden of $$("[data-without-script]", form)) hidden.hidden = true;
    $("[data-script]", form).hidden = false;
    slider.addEventListener("input", async () => {
      const moment = moments[slider.value];
      select.value = moment.value;
      slider.setAttribute("aria-valuetext", moment.textContent);
      const mine = ++wanted;
      const url = new URL(location.href);
      url.searchParams.set("position", moment.value);
      $("output", form).textContent = moment.textContent;
      const answer = await fetch(url, { headers: { Accept: "text/html" } });
      if (!answer.ok || mine !== wanted) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      history.replaceState(null, "", url);
      for (const part of $$("[data-moment]")) {
        const other = page.getElementById(part.id);
        if (other) part.replaceWith(other);
        if (other) enliven(other);
      }
    });
  };

  // Live: when something changes, a page on which nothing was typed is shown anew; the others say so.
  const refresh = async () => {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (!answer.ok || answer.redirected) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const focused = document.activeElement?.id;
    $("main").replaceWith(page.getElementById("main"));
    enliven($("main"));
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
    say("Something changed; the page shows it.");
  };
  const busy = () => typed || $("dialog[open]") || $("#problem") || $$(".pick input:checked, tr.at").length > 0
    || $$("input[data-filter]").some((it) => it.value) || new URLSearchParams(location.search).has("position");
  const offer = () => {
    if ($(".fresh")) return;
    const button = make("button", { type: "button" }, "Show it");
    button.addEventListener("click", () => location.reload());
    $("main").prepend(make("p", { class: "notice fresh" }, "Something changed here meanwhile. ", button));
    say("Something changed on this page.");
  };
  // However often something changes, a page is fetched every two seconds at most.
  let [soon, last] = [0, -Infinity];
  const look = () => {
    [soon, last] = [0, performance.now()];
    busy() ? offer() : refresh();
  };
  const listen = () => {
    const live = $("main [data-live-run]")?.dataset.liveRun;
    if (!document.body.dataset.live || live === undefined) return;
    const url = new URL(document.body.dataset.live, location.href);
    if (live) url.searchParams.set("run", live);
    const events = new EventSource(url);
    events.addEventListener("changed", () => {
      soon ||= setTimeout(look, Math.max(400, last + 2000 - performance.now()));
    });
    window.addEventListener("pagehide", () => events.close());
  };

  // Progress: a part that says so is fetched again until it says so no more.
  const follow = async (part) => {
    await new Promise((done) => setTimeout(done, Number(part.dataset.refresh)));
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    const page = answer.ok ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
    const next = page?.getElementById(part.id);
    if (!next || !part.isConnected) return;
    part.replaceWith(next);
    enliven(next);
    if (next.dataset.refresh) follow(next);
    else say($("[role=status], [role=alert]", next)?.textContent ?? "Done.");
  };

  const enliven = (within) => {
    localTimes(within);
    tables(within);
    for (const form of $$("form[data-travel]", within)) travel(form);
  };
  enliven(document);
  listen();
  for (const part of $$("[data-refresh]")) follow(part);
  $("#problem")?.focus();
})();
