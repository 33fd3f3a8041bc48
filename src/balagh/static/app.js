/* What a script adds: focus after a step, copying, printing, uploads without a second button.
   Every page works without it. Texts come from the page. */
{
  const root = document.documentElement
  const by = id => document.getElementById(id)
  const say = (node, on) => node && (node.textContent = on ? node.dataset.text : "")
  root.classList.add("js")

  addEventListener("click", async event => {
    const button = event.target.closest("[data-copy],[data-print]")
    if (!button) return
    if ("print" in button.dataset) return print()
    const words = button.querySelector("span"), before = words.textContent
    try {
      await navigator.clipboard.writeText(button.dataset.copy)
    } catch {
      // Plain http, or not allowed: the number is selected, to be copied by hand.
      return getSelection().selectAllChildren(document.querySelector(".number"))
    }
    words.textContent = button.dataset.done
    setTimeout(() => (words.textContent = before), 4000)
  })

  addEventListener("change", event => {
    const input = event.target
    // By the button beside it, which may send another address than the form's own.
    if (input.type === "file" && input.files.length) input.form.requestSubmit(input.parentElement.querySelector("button"))
  })

  // The same form twice within two seconds is one tap too many; later it is a retry.
  const sent = new WeakMap()
  addEventListener("submit", event => {
    const form = event.target, now = Date.now()
    if (now - sent.get(form) < 2000) {
      event.preventDefault()
      return event.stopImmediatePropagation()
    }
    sent.set(form, now)
    if ([...form.elements].some(field => field.files?.length)) say(form.querySelector("[role=status]"), true)
  }, true)
  addEventListener("reset", event => event.target.id === "upload" && (by("cut").hidden = true))

  addEventListener("htmx:before:request", () => say(by("lost"), false))
  addEventListener("htmx:error", event => {
    const form = event.detail.ctx?.sourceElement
    sent.delete(form)
    say(form?.querySelector("[role=status]"), false)
    if (form?.id === "upload") {
      by("cut").querySelector("bdi").textContent = by("file").files[0]?.name
      by("cut").hidden = false
      by("cut").querySelector("button").focus()
    } else say(by("lost"), true)
  })

  // What had the focus is gone with its step: the keyboard goes on at the errors or the heading.
  addEventListener("htmx:after:swap", event => {
    const at = document.activeElement
    if (at && at !== document.body && at.id !== "main") return
    const next = by(event.detail.ctx.request?.anchor) ?? document.querySelector("main [autofocus]") ?? document.querySelector("main h1")
    if (!next) return
    if (!next.hasAttribute("tabindex")) next.tabIndex = -1
    next.focus()
  })
}
