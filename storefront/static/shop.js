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
