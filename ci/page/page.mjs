// Opens the review of the corpus in a real browser and checks that the page loads nothing, runs
// nothing, is usable by keyboard and fits a phone.
import assert from "node:assert/strict";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const [page_file, screenshots] = process.argv.slice(2);
const url = pathToFileURL(page_file).href;
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});

/** Opens the page, and records its console messages and requests. */
async function open(options) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const said = [];
  const asked = [];
  page.on("console", (message) => said.push(message.text()));
  page.on("pageerror", (error) => said.push(String(error)));
  page.on("request", (request) => asked.push(request.url()));
  await page.goto(url);
  return { context, page, said, asked };
}

for (const scheme of ["light", "dark"]) {
  for (const width of [375, 1280]) {
    const { context, page, said, asked } = await open({ colorScheme: scheme, viewport: { width, height: 800 } });
    const outside = asked.filter((address) => address !== url && !address.startsWith("data:"));
    assert.deepEqual(outside, [], "the page sends a request");
    assert.deepEqual(said, [], "the page writes to the console");

    const cases = await page.locator("article").count();
    assert.ok(cases > 0, "the page has no case");
    assert.equal(await page.locator("nav a").count(), cases, "the list lacks a case");
    assert.equal(await page.locator("script, iframe, object, embed, form").count(), 0, "the page has active elements");

    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    assert.ok(overflow <= 0, `at ${width} px the page is ${overflow} px too wide`);
    const small = await page.evaluate(() =>
      [...document.querySelectorAll("main *")].filter((e) => parseFloat(getComputedStyle(e).fontSize) < 12).length);
    assert.equal(small, 0, "some text is too small to read");
    await assert_contrast(page, scheme);
    await page.screenshot({ path: `${screenshots}/${scheme}-${width}.png` });
    await context.close();
  }
}

// With the keyboard only: each case gets the focus, and the last link of the list opens its case.
{
  const { context, page } = await open({ viewport: { width: 375, height: 800 } });
  const expected = new Set(await page.locator("article").evaluateAll((cases) => cases.map((one) => one.id)));
  const stops = await page.locator("a, summary, [tabindex='0']").count();
  const reached = new Set();
  for (let stop = 0; stop < stops; stop += 1) {
    await page.keyboard.press("Tab");
    const id = await page.evaluate(() => document.activeElement.closest("article")?.id);
    if (id) reached.add(id);
  }
  assert.deepEqual(reached, expected, "a case cannot get the focus");
  const last = page.locator("nav a").last();
  await last.focus();
  await page.keyboard.press("Enter");
  const target = new URL(page.url()).hash.slice(1);
  assert.ok(await page.locator(`[id="${target}"]`).isVisible(), "the target of a link is not visible");
  await context.close();
}

// Without scripts the page has its cases, and the last case is printed.
{
  const { context, page } = await open({ javaScriptEnabled: false });
  assert.ok((await page.locator("article h3").first().textContent()).length > 0);
  await context.close();
  const printed = await open({});
  await printed.page.emulateMedia({ media: "print" });
  assert.ok(await printed.page.locator("article").last().isVisible(), "the last case is not printed");
  await printed.context.close();
}

await browser.close();
console.log(`${page_file}: no requests, no console messages, every case reached, readable at 375 px`);

/** Asserts that coloured text has the contrast ratio of WCAG. */
async function assert_contrast(page, scheme) {
  const ratios = await page.evaluate(() => {
    // A canvas converts any notation of a colour to bytes.
    const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    const luminance = (colour) => {
      context.fillStyle = colour;
      context.fillRect(0, 0, 1, 1);
      const [r, g, b] = [...context.getImageData(0, 0, 1, 1).data].map((byte) => {
        const part = byte / 255;
        return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const canvas = luminance(getComputedStyle(document.documentElement).backgroundColor);
    return ["body", ".good", ".bad"]
      .map((selector) => document.querySelector(selector))
      .filter(Boolean)
      .map((element) => luminance(getComputedStyle(element).color))
      .map((text) => (Math.max(text, canvas) + 0.05) / (Math.min(text, canvas) + 0.05));
  });
  assert.ok(ratios.every((ratio) => ratio >= 4.5), `contrast in ${scheme}: ${ratios}`);
}
