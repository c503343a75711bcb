"""What the viewer shows, as numbers: taken from the screen, so nothing in between is trusted."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Page

from tests.browser.steps import viewer

# Presses each key and waits for the drawing itself: the read-back ends when the pixels are there.
_TIMED = """async (keys) => {
  const canvas = document.querySelector('[data-testid=viewer]');
  const gl = canvas.getContext('webgl2');
  const pixel = new Uint8Array(4);
  const times = {};
  for (const key of keys) {
    const before = canvas.dataset.draws;
    const start = performance.now();
    window.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
    for (let i = 0; i < 1000 && canvas.dataset.draws === before; i++) await Promise.resolve();
    gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, pixel);
    times[key] = performance.now() - start;
    if (canvas.dataset.draws === before) throw new Error(`key ${key} drew nothing`);
    await new Promise((resolve) => setTimeout(resolve, 4));
  }
  return times;
}"""


def shown(page: Page) -> NDArray[np.int16]:
    """Return the viewer's pixels as on the screen, height × width × RGB."""
    image = Image.open(io.BytesIO(viewer(page).screenshot())).convert("RGB")
    return np.asarray(image, np.int16)


def change(before: NDArray[np.int16], after: NDArray[np.int16]) -> float:
    """Return the mean change per channel, 0 to 255."""
    return float(np.abs(before - after).mean())


def timed(page: Page, keys: list[str]) -> dict[str, float]:
    """Return the milliseconds from each key press to the drawn picture."""
    times: dict[str, float] = page.evaluate(_TIMED, keys)
    return times
