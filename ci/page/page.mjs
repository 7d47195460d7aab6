// Opens the review of the corpus in a real browser and checks what a reader needs:
// nothing is fetched or run, everything is reached by keyboard, and it fits a phone.
import assert from "node:assert/strict";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const [page_file, pictures] = process.argv.slice(2);
const url = pathToFileURL(page_file).href;
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});

/** Opens the page; whatever it says on the console or asks for is kept. */
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
    assert.deepEqual(outside, [], "something was asked for");
    assert.deepEqual(said, [], "something was said on the console");

    const cases = await page.locator("article").count();
    assert.ok(cases > 0, "there is no case");
    assert.equal(await page.locator("nav a").count(), cases, "not every case is in the list");
    assert.equal(await page.locator("script, iframe, object, embed, form").count(), 0, "there is more than text");

    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    assert.ok(overflow <= 0, `at ${width} px the page is ${overflow} px too wide`);
    const small = await page.evaluate(() =>
      [...document.querySelectorAll("main *")].filter((e) => parseFloat(getComputedStyle(e).fontSize) < 12).length);
    assert.equal(small, 0, "some text is too small to read");
    await assert_contrast(page, scheme);
    await page.screenshot({ path: `${pictures}/${scheme}-${width}.png` });
    await context.close();
  }
}

// By keyboard alone: each case gets the focus in turn, and its link in the list leads to it.
{
  const { context, page } = await open({ viewport: { width: 375, height: 800 } });
  const wanted = new Set(await page.locator("article").evaluateAll((cases) => cases.map((one) => one.id)));
  const stops = await page.locator("a, summary, [tabindex='0']").count();
  const reached = new Set();
  for (let stop = 0; stop < stops; stop += 1) {
    await page.keyboard.press("Tab");
    const id = await page.evaluate(() => document.activeElement.closest("article")?.id);
    if (id) reached.add(id);
  }
  assert.deepEqual(reached, wanted, "not every case gets the focus");
  const last = page.locator("nav a").last();
  await last.focus();
  await page.keyboard.press("Enter");
  const target = new URL(page.url()).hash.slice(1);
  assert.ok(await page.locator(`[id="${target}"]`).isVisible(), "a link in the list leads nowhere");
  await context.close();
}

// Without scripts it is the same page, and on paper every case is there.
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
console.log(`${page_file}: nothing asked for, nothing said, every case reached, readable at 375 px`);

/** Text in colour must stand out from the page by WCAG's ratio for text. */
async function assert_contrast(page, scheme) {
  const ratios = await page.evaluate(() => {
    // A canvas turns any notation of a colour into bytes.
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
