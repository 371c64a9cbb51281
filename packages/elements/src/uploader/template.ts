export const HTML = `
<div id="area" part="area">
  <button id="choose" part="choose" type="button">Choose files</button>
  <span id="hint">or drop or paste them here</span>
  <input type="file" tabindex="-1" aria-label="Files to upload" hidden>
</div>
<ul id="files" part="files" aria-label="Uploads"></ul>
<div id="said" role="status"></div>`

/** One file of the list. */
export const ROW = `
<li part="file">
  <div class="line"><span class="name"></span><span class="size"></span></div>
  <progress part="progress" max="100" value="0"></progress>
  <div class="line">
    <span class="state"></span>
    <span>
      <button part="button" class="pause" type="button">Pause</button>
      <button part="button" class="remove" type="button">Cancel</button>
    </span>
  </div>
</li>`

export const CSS = `
:host {
  display: block;
  color-scheme: light dark;
  font: 1rem / 1.5 system-ui, sans-serif;
}

:host([hidden]), [hidden] {
  display: none;
}

#area {
  display: flex;
  flex-wrap: wrap;
  gap: 0.75rem;
  align-items: center;
  justify-content: center;
  padding: 1.5rem;
  border: 2px dashed currentColor;
  border-radius: 0.5rem;
}

#area.over {
  border-style: solid;
  background: rgb(99 102 241 / 0.15);
}

button {
  padding: 0.25rem 0.75rem;
  border: 1px solid currentColor;
  border-radius: 0.35rem;
  color: inherit;
  font: inherit;
  background: none;
  cursor: pointer;
}

#choose {
  border-color: #3730a3;
  color: #fff;
  background: #3730a3;
}

button:focus-visible {
  outline: 3px solid #6366f1;
  outline-offset: 2px;
}

ul {
  margin: 0;
  padding: 0;
  list-style: none;
}

li {
  margin-top: 1rem;
}

.line {
  display: flex;
  flex-wrap: wrap;
  gap: 0.25rem 1rem;
  justify-content: space-between;
  align-items: center;
}

.name {
  overflow-wrap: anywhere;
}

progress {
  width: 100%;
  accent-color: #4f46e5;
}

#said {
  position: absolute;
  width: 1px;
  height: 1px;
  overflow: hidden;
  clip-path: inset(50%);
}
`
