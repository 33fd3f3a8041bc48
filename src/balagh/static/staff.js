/* The keyboard of those who work with reports. By where a key lies, so that it works while the
   keyboard writes Arabic; nothing while somebody types or a list is open; everything can be done without. */
{
  const all = selector => [...document.querySelectorAll(selector)]
  const links = () => all(".grid tbody th a")
  const keys = document.getElementById("keys")
  const kept = sessionStorage
  let last = -1, going = false

  // The row one is in, or was in last.
  const at = () => {
    const here = links().findIndex(link => link.closest("tr").contains(document.activeElement))
    return here < 0 ? last : (last = here)
  }
  const move = by => {
    const rows = links(), to = Math.max(0, Math.min(rows.length - 1, at() + by))
    rows[to]?.focus()
    last = to
  }
  const row = () => links()[at()]
  const deeds = {
    KeyJ: () => move(1),
    KeyK: () => move(-1),
    KeyX: () => row()?.closest("tr").querySelector("[name=case]").click(),
    KeyO: () => row()?.click(),
    Slash: event => {
      if (event.shiftKey) return keys.showModal()
      const find = document.getElementById("find")
      find.focus()
      find.select()
    },
    KeyG: () => (going = true),
    KeyI: () => (location.href = "/inbox"),
  }
  addEventListener("keydown", event => {
    const { code, target } = event, went = going
    if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return
    if (document.body.dataset.shortcuts === "off" || keys.open) return
    if (target.isContentEditable || target.matches?.("input:not([type=checkbox]),select,textarea")) return
    // Shift stands for one key alone; "i" counts after "g".
    if (!deeds[code] || (event.shiftKey && code !== "Slash") || (code === "KeyI" && !went)) return (going = false)
    going = false
    if (["KeyJ", "KeyK", "KeyX", "KeyO"].includes(code) && !links().length) return
    event.preventDefault()
    deeds[code](event)
  })
  document.querySelector("[data-keys]")?.addEventListener("click", event => {
    event.preventDefault()
    keys.showModal()
  })

  // All on the page; whoever counts them is told by each.
  document.querySelector("[data-all]")?.addEventListener("change", event => {
    for (const box of all("[name=case]")) if (box.checked !== event.target.checked) box.click()
  })

  // From a case one comes back to the list one left, and to the row.
  const back = document.querySelector('main > a.back[href="/inbox"]')
  if (location.pathname === "/inbox") {
    const [{ type } = {}] = performance.getEntriesByType("navigation"), row = kept.getItem("row")
    const from = document.referrer && new URL(document.referrer)
    kept.setItem("inbox", location.search)
    if (row && (type === "back_forward" || from?.pathname?.startsWith("/cases/"))) document.querySelector(`.grid a[href="/cases/${row}"]`)?.focus()
    kept.removeItem("row")
    for (const link of links()) link.addEventListener("click", () => kept.setItem("row", link.pathname.slice(7)))
  } else if (back) back.search = kept.getItem("inbox") ?? ""
}
