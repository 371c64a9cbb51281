import { language, texts } from './texts.ts'

const { menu } = texts

/** The controls of media-chrome, in the order of reading; the menu comes before the time line that it covers. */
export const HTML = `
<media-controller part="controller" lang="${language}" hotkeys="noarrowup noarrowdown">
  <media-poster-image slot="poster"></media-poster-image>
  <media-loading-indicator slot="centered-chrome" noautohide></media-loading-indicator>
  <p id="badge" slot="top-chrome" part="badge" hidden></p>
  <media-settings-menu anchor="auto" hidden>
    <media-settings-menu-item>${menu.quality}
      <media-rendition-menu slot="submenu" hidden><div slot="title">${menu.quality}</div></media-rendition-menu>
    </media-settings-menu-item>
    <media-settings-menu-item>${menu.audio}
      <media-audio-track-menu slot="submenu" hidden><div slot="title">${menu.audio}</div></media-audio-track-menu>
    </media-settings-menu-item>
    <media-settings-menu-item>${menu.captions}
      <media-captions-menu slot="submenu" hidden><div slot="title">${menu.captions}</div></media-captions-menu>
    </media-settings-menu-item>
    <media-settings-menu-item>${menu.speed}
      <media-playback-rate-menu slot="submenu" rates="0.5 0.75 1 1.25 1.5 2" hidden>
        <div slot="title">${menu.speed}</div>
      </media-playback-rate-menu>
    </media-settings-menu-item>
  </media-settings-menu>
  <media-time-range></media-time-range>
  <media-control-bar>
    <media-play-button></media-play-button>
    <media-seek-backward-button class="roomy" seekoffset="10"></media-seek-backward-button>
    <media-seek-forward-button class="roomy" seekoffset="10"></media-seek-forward-button>
    <media-mute-button></media-mute-button>
    <media-volume-range class="roomy"></media-volume-range>
    <media-time-display showduration notoggle></media-time-display>
    <span class="spacer"></span>
    <media-captions-button></media-captions-button>
    <media-settings-menu-button></media-settings-menu-button>
    <media-pip-button class="roomy"></media-pip-button>
    <media-fullscreen-button></media-fullscreen-button>
  </media-control-bar>
</media-controller>
<div id="notice" part="notice" role="status" lang="${language}">
  <p></p>
  <progress max="100" aria-label="${texts.progress}" hidden></progress>
</div>`

export const CSS = `
:host {
  position: relative;
  display: block;
  aspect-ratio: 16 / 9;
  container-type: inline-size;
  overflow: hidden;
  background: #000;
  font: 16px / 1.5 system-ui, sans-serif;
}

:host([hidden]), [hidden] {
  display: none;
}

media-controller {
  display: block;
  width: 100%;
  height: 100%;
  background: #000;
  --media-font-family: system-ui, sans-serif;
  --media-range-track-height: 4px;
}

:host(:not([playing-state])) media-controller {
  visibility: hidden;
}

/* Above the two lines of controls, on their shade. */
media-control-bar, media-time-range {
  width: 100%;
}

media-time-range {
  height: 28px;
  --media-preview-thumbnail-border-radius: 4px;
}

/* media-chrome puts the menu on the buttons, where the time line would cover its last row. */
media-settings-menu {
  margin-bottom: 28px;
  z-index: 1;
}

/* It loads beside the element that is shown, in its size. */
video.next {
  position: absolute;
  inset: 0;
  width: 100%;
  visibility: hidden;
  pointer-events: none;
}

.spacer {
  flex-grow: 1;
  background: var(--media-control-background, rgb(20 20 30 / 0.7));
}

#badge {
  align-self: flex-start;
  margin: 0.75rem;
  padding: 0 0.6rem;
  border-radius: 1rem;
  color: #fff;
  /* media-chrome sets the height of its lines to 0. */
  font: 0.8rem / 1.5 system-ui, sans-serif;
  background: rgb(20 20 30 / 0.8);
}

#notice {
  position: absolute;
  inset: 0;
  display: grid;
  place-content: center;
  justify-items: center;
  box-sizing: border-box;
  padding: 1.5rem;
  overflow: auto;
  color: #fff;
  text-align: center;
  background: #14141e;
}

#notice[hidden] {
  display: none;
}

#notice p {
  max-width: 34rem;
  margin: 0;
}

#notice progress {
  width: min(20rem, 70cqw);
  margin-top: 1rem;
  accent-color: #8ea2ff;
}

@container (width < 34rem) {
  .roomy {
    display: none;
  }
}
`
