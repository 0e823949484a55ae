/** The switch between light, dark, and whatever the device says. */
const themes = ['auto', 'light', 'dark'] as const;
type Theme = (typeof themes)[number];

const KEY = 'tandem-theme';
const NAMES: Readonly<Record<Theme, string>> = { auto: 'as the device', light: 'light', dark: 'dark' };

/** Makes a button go through the themes; `onChange` hears when colours may be others. */
export function themeSwitch(button: HTMLButtonElement, onChange: () => void = () => undefined): void {
  let theme = stored();
  const show = () => {
    if (theme === 'auto') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    button.textContent = `Colours: ${NAMES[theme]}`;
    onChange();
  };
  button.addEventListener('click', () => {
    theme = themes[(themes.indexOf(theme) + 1) % themes.length] ?? 'auto';
    store(theme);
    show();
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', onChange);
  show();
}

/** A page opened from a file, or with storage turned off, has none. */
function stored(): Theme {
  try {
    return themes.find((theme) => theme === localStorage.getItem(KEY)) ?? 'auto';
  } catch {
    // A page that may keep nothing follows the system.
    return 'auto';
  }
}

function store(theme: Theme): void {
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // It holds until the page is left.
  }
}
