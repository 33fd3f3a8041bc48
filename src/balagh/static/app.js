/* What a script adds; every page works without it. */
(() => {
  const root = document.documentElement
  const main = () => document.getElementById("main")
  const lost = text => { const note = document.getElementById("lost"); if (note) note.textContent = text }
  root.classList.add("js")
})()
