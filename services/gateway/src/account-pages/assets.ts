export const STYLE = `:root {
  color-scheme: light dark;
  font: 16px/1.5 system-ui, sans-serif;
}
body {
  margin: 0;
}
main {
  box-sizing: border-box;
  max-width: 26rem;
  margin: 12vh auto 0;
  padding: 0 1.25rem;
}
h1 {
  font-size: 1.4rem;
  line-height: 1.3;
}
label,
input {
  display: block;
}
input {
  box-sizing: border-box;
  width: 100%;
  margin: 0.3rem 0 1rem;
  padding: 0.6rem;
  font: inherit;
  border: 1px solid #868c99;
  border-radius: 6px;
}
button {
  padding: 0.6rem 1.1rem;
  font: inherit;
  font-weight: 600;
  color: #fff;
  background: #3046c5;
  border: 0;
  border-radius: 6px;
  cursor: pointer;
}
button:disabled {
  opacity: 0.6;
}
.bad {
  color: light-dark(#b3201d, #ff9a93);
}
`
