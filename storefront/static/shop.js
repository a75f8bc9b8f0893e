// Small comforts; every page works without them.
(function () {
  "use strict";

  // A form is sent once: the button says so, and comes back when the customer does.
  document.querySelectorAll("form[data-once]").forEach(function (form) {
    var button = form.querySelector("button[data-busy]");
    var words = button ? button.textContent : "";
    form.addEventListener("submit", function (event) {
      if (form.dataset.sent) { event.preventDefault(); return; }
      form.dataset.sent = "yes";
      if (button) { button.textContent = button.dataset.busy; button.setAttribute("aria-busy", "true"); }
    });
    window.addEventListener("pageshow", function () {
      delete form.dataset.sent;
      if (button) { button.textContent = words; button.removeAttribute("aria-busy"); }
    });
  });

  // What is wrong with a field is said until somebody mends it, be it before this script was there; the next press looks again.
  document.addEventListener("input", function (event) { mended(event.target); });
  document.querySelectorAll(".field.wrong [aria-invalid]").forEach(function (field) {
    if (valueOf(field) !== givenTo(field)) { mended(field); }
  });
  function mended(field) {
    var place = field.closest(".field.wrong");
    if (!place) { return; }
    place.classList.remove("wrong");
    field.removeAttribute("aria-invalid");
    place.querySelectorAll(".error").forEach(function (said) {
      var left = (field.getAttribute("aria-describedby") || "").split(" ").filter(function (id) { return id && id !== said.id; });
      if (left.length) { field.setAttribute("aria-describedby", left.join(" ")); } else { field.removeAttribute("aria-describedby"); }
      said.remove();
    });
    document.querySelectorAll(".notice.bad a[href='#" + field.id + "']").forEach(function (link) {
      var notice = link.closest(".notice");
      link.closest("li").remove();
      if (!notice.querySelector("li")) { notice.remove(); }
    });
  }

  // The shelf one stands at is in sight; what hangs over the edge can be pushed.
  var shelf = document.querySelector(".shelves [aria-current]");
  if (shelf) { shelf.parentNode.scrollLeft = shelf.offsetLeft - 40; }

  // Small pictures bring the large one into sight, and the way back still leads to where one came from.
  document.querySelectorAll(".thumbs").forEach(function (thumbs) {
    thumbs.addEventListener("click", function (event) {
      var link = event.target.closest("a");
      if (!link) { return; }
      event.preventDefault();
      var strip = document.querySelector(".strip");
      strip.scrollLeft = document.querySelector(link.hash).offsetLeft - strip.offsetLeft;
      mark(link);
    });
    function mark(link) {
      thumbs.querySelectorAll("[aria-current]").forEach(function (other) { other.removeAttribute("aria-current"); });
      link.setAttribute("aria-current", "true");
    }
    mark(thumbs.querySelector("a"));
  });

  // What was typed into a form is kept in this tab until it was of use: a look at the cart does not empty it.
  document.querySelectorAll("[data-forget]").forEach(function (place) { forget(place.dataset.forget); });
  document.querySelectorAll("form[data-kept]").forEach(function (form) {
    var name = form.dataset.kept;
    var fields = Array.prototype.filter.call(form.elements, function (field) {
      return field.name && ["hidden", "password", "submit", "button", "radio"].indexOf(field.type) < 0 && field.name !== "terms";
    });
    var known = "answered" in form.dataset ? {} : recall(name);  // an answer to the form says all of it again itself
    var moved = false;
    fields.forEach(function (field) {
      // What was typed before this script was there counts more than what is kept, and that more than what the page came with.
      if (field.name in known && valueOf(field) === givenTo(field)) {
        if (field.type === "checkbox") { field.checked = known[field.name]; } else { field.value = known[field.name]; }
      }
      moved = moved || (["checkbox", "select-one"].indexOf(field.type) >= 0 && valueOf(field) !== givenTo(field));
    });
    if (moved) { window.setTimeout(function () { form.elements.country.dispatchEvent(new Event("change", { bubbles: true })); }); }
    form.addEventListener("input", keep);
    form.addEventListener("change", keep);
    keep();
    function keep() {
      var typed = {};
      fields.forEach(function (field) {
        if (valueOf(field) !== givenTo(field) || field.name in known || "answered" in form.dataset) { typed[field.name] = valueOf(field); }
      });
      try { window.sessionStorage.setItem(name, JSON.stringify(typed)); } catch (error) { return; }
    }
    window.history.replaceState(null, "", window.location.href);  // the way back asks for the page, not for the answer to a form
  });
  function valueOf(field) { return field.type === "checkbox" ? field.checked : field.value; }
  function givenTo(field) {  // what the page came with
    if (field.type === "checkbox") { return field.defaultChecked; }
    if (field.type !== "select-one") { return field.defaultValue; }
    var chosen = Array.prototype.filter.call(field.options, function (option) { return option.defaultSelected; })[0] || field.options[0];
    return chosen ? chosen.value : "";
  }
  var entrance = document.querySelector("form[data-email-from]");  // whoever began an order has said it already
  if (entrance && !entrance.elements.email.value) { entrance.elements.email.value = recall(entrance.dataset.emailFrom).email || ""; }
  function recall(name) {
    try { return JSON.parse(window.sessionStorage.getItem(name)) || {}; } catch (error) { return {}; }
  }
  function forget(name) {
    try { window.sessionStorage.removeItem(name); } catch (error) { return; }
  }

  // The open checkout form shows what another country or delivery costs; without this a button does.
  var checkout = document.querySelector("form[data-quote]");
  if (checkout) {
    document.documentElement.classList.add("scripted");
    var put = function (selector, words) {
      var place = checkout.querySelector(selector);
      if (place) { place.textContent = words; }
    };
    checkout.addEventListener("change", function (event) {
      if (["country", "to_country", "elsewhere", "delivery"].indexOf(event.target.name) < 0) { return; }
      var elsewhere = checkout.querySelector("[name=elsewhere]").checked;
      var country = checkout.querySelector(elsewhere ? "[name=to_country]" : "[name=country]").value;
      var delivery = checkout.querySelector("[name=delivery]:checked");
      var wish = new URLSearchParams({ country: country, delivery: delivery ? delivery.value : "" });
      fetch(checkout.dataset.quote + "?" + wish, { headers: { Accept: "application/json" } })
        .then(function (answer) { return answer.ok ? answer.json() : null; })
        .then(function (known) {
          if (!known) { return; }
          var wasImpossible = checkout.querySelector(".main-button[disabled]");
          if (!known.possible || wasImpossible) { checkout.querySelector("[name=refresh]").click(); return; }
          known.offers.forEach(function (offer) { put('[data-price="' + offer.code + '"]', offer.price); });
          put("[data-delivery]", known.delivery);
          put("[data-total]", known.total);
          checkout.querySelector("[name=total]").value = known.plain;
          var chosen = checkout.querySelector('[name=delivery][value="' + known.chosen + '"]');
          if (chosen) { chosen.checked = true; }
        })
        .catch(function () { return null; });
    });
  }

  // A page that is nearly ready looks again by itself.
  var soon = document.querySelector("[data-again]");
  if (soon) { window.setTimeout(function () { window.location.reload(); }, soon.dataset.again * 1000); }

  // What went wrong is read first.
  var problem = document.querySelector(".notice.bad[role=alert]");
  if (problem) { problem.tabIndex = -1; problem.focus(); }

  // A page about an open payment loads itself anew when something is known.
  var watched = document.querySelector("[data-watch]");
  if (!watched) { return; }
  var pause = 2000;
  function look() {
    fetch(watched.dataset.watch, { headers: { Accept: "application/json" } })
      .then(function (answer) { return answer.ok ? answer.json() : null; })
      .then(function (known) {
        if (known && known.state !== watched.dataset.state) { window.location.reload(); return; }
        again();
      })
      .catch(again);
  }
  function again() { pause = Math.min(pause * 1.3, 15000); window.setTimeout(look, pause); }
  window.setTimeout(look, pause);
})();
