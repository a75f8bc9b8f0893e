// Small comforts; every page and action works without them.
(function () {
  "use strict";
  document.querySelectorAll("form[data-once]").forEach(function (form) {
    form.addEventListener("submit", function (event) {
      if (form.dataset.sent) { event.preventDefault(); return; }
      form.dataset.sent = "yes";
    });
    window.addEventListener("pageshow", function () { delete form.dataset.sent; });
  });

  // What goes on is looked at again, in place, until it says no more that it is going on.
  function look_again(part) {
    setTimeout(function () {
      fetch(location.href, { credentials: "same-origin" }).then(function (answer) {
        if (!answer.ok || answer.redirected) { throw new Error("not now"); }
        return answer.text();
      }).then(function (text) {
        var fresh = new DOMParser().parseFromString(text, "text/html").getElementById(part.id);
        if (fresh) { part.replaceWith(fresh); }
        if (fresh && fresh.dataset.live) { look_again(fresh); }
      }).catch(function () { look_again(part); });
    }, 1000 * part.dataset.live);
  }
  document.querySelectorAll("[data-live]").forEach(look_again);

  // Keys: /admin/keys lists them. Nothing happens while somebody types.
  var DESKS = {
    s: "", i: "cases/", o: "orders/", d: "shipments/", c: "customers/", p: "payments/", r: "refunds/", v: "invoices/", b: "products/",
    k: "stock/", w: "webhooks/", t: "tasks/", a: "audit/"
  };
  function go(desk) {  // as the sidebar opens it for this colleague
    var links = Array.prototype.slice.call(document.querySelectorAll("aside.desks nav a:not(.count)"));
    var link = links.find(function (item) { return item.pathname === "/admin/" + desk; });
    if (link) { location.assign(link.href); }
  }
  var going = 0;
  function rows() { return Array.prototype.slice.call(document.querySelectorAll("table.list tbody tr")); }
  function step(by) {
    var all = rows(), here = all.findIndex(function (row) { return row.contains(document.activeElement); });
    var next = all[Math.max(0, Math.min(all.length - 1, here < 0 ? 0 : here + by))];
    var link = next && next.querySelector("a");
    if (link) { link.focus(); }
  }
  function press(selector) { var found = document.querySelector(selector); if (found) { found.click(); } }
  function open(details) {
    if (!details) { return; }
    details.open = true;
    var field = details.querySelector("input:not([type=hidden]), textarea, select");
    if (field) { field.focus(); }
  }
  document.addEventListener("keydown", function (event) {
    var where = event.target;
    if (event.key === "Escape") {
      var form = where.closest && where.closest(".actions details[open]");
      if (form) { form.open = false; form.querySelector("summary").focus(); } else if (where.blur) { where.blur(); }
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || where.matches("input, textarea, select")) { return; }
    if (Date.now() - going < 1500 && event.key in DESKS) { going = 0; go(DESKS[event.key]); return; }
    going = event.key === "g" ? Date.now() : 0;
    switch (event.key) {
      case "/": var box = document.querySelector(".jump input"); if (box) { event.preventDefault(); box.focus(); box.select(); } break;
      case "?": location.assign("/admin/keys"); break;
      case "j": step(1); break;
      case "k": step(-1); break;
      case "n": press("a[rel=next]"); break;
      case "p": press("a[rel=prev]"); break;
      case "x": var first = document.querySelector("main .actions > .first, main .actions > form > .first, main .actions > details > summary.first") || document.querySelector("main .actions summary, main .actions button"); if (first) { first.focus(); } break;
      case "m": var note = document.querySelector(".actions textarea[name=text]"); if (note) { event.preventDefault(); open(note.closest("details")); } break;
    }
  });
})();
