/* What a script adds: focus after a step, copying, printing, sending again where sending failed,
   uploads with their progress and photos made smaller first. Every page works without it. Texts come
   from the page. */
{
  const by = id => document.getElementById(id)
  const sent = new WeakMap()
  document.documentElement.classList.add("js")

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

  // The same button twice within two seconds is one tap too many; later it is a retry.
  addEventListener("submit", event => {
    const form = event.target, now = Date.now(), file = form.id === "upload" && by("file").files[0]
    const button = event.submitter, last = sent.get(form)
    const again = last && (file || last.button === button) && now - last.now < 2000
    sent.set(form, { button, now })
    if (!again && !file) return tell(form, true)
    event.preventDefault()
    event.stopImmediatePropagation()
    if (!again) upload(form, file)
  }, true)
  addEventListener("reset", event => event.target.id === "upload" && (by("cut").hidden = true))

  // A form with words and files goes as a whole.
  const tell = (form, on) => {
    const files = [...form.elements].some(field => field.files?.length), status = form.querySelector("[role=status][data-text]")
    if (files && status) status.textContent = on ? status.dataset.text : ""
  }

  // Neither fetch nor htmx tells how much has gone up. Another choice replaces the one on its way.
  let sending
  const upload = async (form, file) => {
    const status = form.querySelector("[role=status]"), body = new FormData(form)
    sending?.abort()
    const mine = (sending = new XMLHttpRequest())
    let said = -1
    // Quarters: what is spoken must not flood.
    const say = part => {
      const percent = Math.floor(part * 4) * 25
      if (percent > said) status.textContent = status.dataset.text.replace("{n}", (said = percent))
    }
    by("cut").hidden = true
    say(0)
    const small = await shrink(file)
    if (sending !== mine) return
    body.set("file", small, small.name)
    mine.upload.onprogress = event => event.lengthComputable && say(event.loaded / event.total)
    mine.onerror = () => {
      const cut = by("cut")
      sent.delete(form)
      status.textContent = ""
      cut.querySelector("bdi").textContent = file.name
      cut.hidden = false
      cut.querySelector("button").focus()
    }
    mine.onload = () => {
      const elsewhere = mine.getResponseHeader("HX-Redirect") ?? (mine.responseURL !== form.action && mine.responseURL)
      if (mine.status > 499) return mine.onerror()
      if (elsewhere) return (location.href = elsewhere)
      const main = by("main")
      main.innerHTML = mine.responseText
      const title = main.querySelector("title")
      document.title = title.textContent
      title.remove()
      window.htmx?.process(main)
      land()
    }
    mine.open("POST", form.action)
    mine.setRequestHeader("HX-Request", "true")
    mine.setRequestHeader("HX-Current-URL", location.href)
    mine.send(body)
  }

  // A photo as large as a screen shows what matters, and goes up in a tenth of the time. What the
  // browser cannot read, or cannot make smaller, goes up as it is.
  const shrink = async file => {
    if (!file.type.startsWith("image/")) return file
    try {
      const image = await createImageBitmap(file, { imageOrientation: "from-image" })
      const { width, height } = image
      if (width * height <= 2e6 && file.size <= 1.5e6) return file
      const canvas = document.createElement("canvas"), scale = Math.min(1, 2000 / Math.max(width, height))
      canvas.width = Math.round(width * scale)
      canvas.height = Math.round(height * scale)
      const paper = canvas.getContext("2d")
      paper.fillStyle = "#fff"
      paper.fillRect(0, 0, canvas.width, canvas.height)
      paper.drawImage(image, 0, 0, canvas.width, canvas.height)
      const blob = await new Promise(done => canvas.toBlob(done, "image/jpeg", 0.85))
      return blob.size < file.size ? new File([blob], file.name.replace(/\.\w+$/, "") + ".jpg") : file
    } catch {
      return file
    }
  }

  // Where it failed: what went wrong, and a button that does the same again. What was typed is there.
  const fail = event => {
    const { sourceElement: source, request } = event.detail.ctx ?? {}
    if (!source?.isConnected || quiet(event)) return
    sent.delete(source)
    if (source.matches("form")) tell(source, false)
    document.querySelector(".lost")?.remove()
    const box = by("lost").content.firstElementChild.cloneNode(true), button = box.querySelector("button")
    const field = source.matches("select,input")
    button.onclick = () => {
      box.remove()
      if (field) source.dispatchEvent(new Event("change"))
      else if (source.matches("form")) source.requestSubmit(request?.submitter)
      else source.click()
    }
    ;(source.closest("form") ?? source.parentNode).append(box)
    // Who is choosing goes on choosing.
    if (!field) button.focus()
  }
  // An open page that asks by itself touches nothing else, whatever comes of it.
  const quiet = event => event.detail.ctx?.sourceElement?.matches("[data-quiet]")
  addEventListener("htmx:before:request", event => quiet(event) || document.querySelector(".lost")?.remove())
  addEventListener("htmx:error", fail)
  addEventListener("htmx:after:request", event => {
    if (event.detail.ctx.response.status < (quiet(event) ? 400 : 500)) return
    // The page with the form is worth more than the page that says so.
    event.preventDefault()
    fail(event)
  })

  // What had the focus is gone with its step: the keyboard goes on at the errors or the heading.
  const land = anchor => {
    const at = document.activeElement
    if (at && at !== document.body && at.id !== "main") return
    const next = by(anchor) ?? document.querySelector("main [autofocus]") ?? document.querySelector("main h1")
    if (!next) return
    if (!next.hasAttribute("tabindex")) next.tabIndex = -1
    next.focus()
  }
  addEventListener("htmx:after:swap", event => quiet(event) || land(event.detail.ctx.request?.anchor))
}
