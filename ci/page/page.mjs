// Opens pages in a real browser and checks that each loads nothing, runs nothing, is usable by keyboard, fits a
// phone, is readable in light and dark, and that its filters work without a script.
import assert from "node:assert/strict";
import { basename } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const [screenshots, ...files] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});

// Two at a time: a browser needs more than one process for a page, but rarely at the same time.
const rest = files.values();
await Promise.all([check_rest(), check_rest()]);
await browser.close();

/** Checks the pages that nobody has taken from the list. */
async function check_rest() {
  for (const file of rest) {
    await check(file);
  }
}

async function check(file) {
  const url = pathToFileURL(file).href;
  const name = basename(file, ".html");
  for (const scheme of ["light", "dark"]) {
    for (const width of [375, 1280]) {
      const { context, page, said, asked } = await open(url, { colorScheme: scheme, viewport: { width, height: 900 } });
      const outside = asked.filter((address) => address !== url && !address.startsWith("data:"));
      assert.deepEqual(outside, [], `${name}: the page sends a request`);
      assert.deepEqual(said, [], `${name}: the page writes to the console`);
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      assert.ok(overflow <= 0, `${name}: at ${width} px the page is ${overflow} px too wide`);
      await page.screenshot({ path: `${screenshots}/${name}-${scheme}-${width}.png` });
      assert.deepEqual(await hard_to_read(page), [], `${name}: in ${scheme}, some text is hard to read`);
      await context.close();
    }
  }
  await check_structure(url, name);
  await check_filters(url, name);
  await check_keyboard(url, name);
  await check_print(url, name);
  console.log(`${name}: no requests, no console messages, readable at 375 px, filters, keyboard, print`);
}

/** Opens the page, and records its console messages and requests. */
async function open(url, options) {
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

/** One heading of the page, landmarks, unique anchors, and links that lead somewhere. */
async function check_structure(url, name) {
  const { context, page } = await open(url, { viewport: { width: 375, height: 900 } });
  const active = "script, iframe, object, embed, form, base, img, svg, video, audio, [onclick], [onload], [onerror]";
  assert.equal(await page.locator(active).count(), 0, `${name}: the page has active elements`);
  for (const one of ["h1", "main", "header", "footer", "title"]) {
    assert.equal(await page.locator(one).count(), 1, `${name}: <${one}>`);
  }
  const facts = await page.locator("header dl dt").allTextContents();
  assert.ok(["time", "version"].every((fact) => facts.includes(fact)), `${name}: ${facts}`);
  const problems = await page.evaluate(() => {
    const problems = [];
    const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
    problems.push(...ids.filter((id, index) => ids.indexOf(id) !== index).map((id) => `id ${id} occurs twice`));
    const known = new Set(ids);
    for (const link of document.querySelectorAll("a")) {
      const target = link.getAttribute("href");
      if (!target?.startsWith("#") || !known.has(target.slice(1))) problems.push(`link to ${target}`);
    }
    let level = 0;
    for (const heading of document.querySelectorAll("h1, h2, h3, h4")) {
      const next = Number(heading.tagName[1]);
      if (next > level + 1) problems.push(`<h${next}> after <h${level}>: ${heading.textContent}`);
      level = next;
    }
    for (const cell of document.querySelectorAll("th:not([scope])")) problems.push(`no scope: ${cell.textContent}`);
    for (const region of document.querySelectorAll("[role=region]:not([aria-label])")) problems.push(region.className);
    for (const element of document.querySelectorAll("main *")) {
      const scrolls = ["auto", "scroll"].includes(getComputedStyle(element).overflowX);
      if (scrolls && element.scrollWidth > element.clientWidth && element.tabIndex < 0) {
        problems.push(`cannot be scrolled by keyboard: ${element.textContent.slice(0, 60)}`);
      }
    }
    return problems;
  });
  assert.deepEqual(problems, [], `${name}: the structure of the page`);
  const code = page.locator('main a[href^="#code-"]').first();
  if (await code.count()) {
    const target = (await code.getAttribute("href")).slice(1);
    await code.click();
    assert.ok(await page.locator(`[id="${target}"] h3`).first().isVisible(), `${name}: ${target} stays folded`);
  }
  await context.close();
}

/** Each filter shows exactly the items with its tag, also in a browser without scripts. */
async function check_filters(url, name) {
  const { context, page } = await open(url, { javaScriptEnabled: false, viewport: { width: 1280, height: 900 } });
  const filters = await page.locator(".filters input").evaluateAll((all) => all.map((input) => input.id));
  assert.notEqual(filters.length, 1, `${name}: a filter without a choice`);
  for (const filter of [...filters.slice(1), ...filters.slice(0, 1)]) {
    await page.locator(`label:has(#${filter})`).click();
    const wrong = await page.evaluate((tag) => {
      const is_shown = (element) => element.checkVisibility({ contentVisibilityAuto: false });
      const folded = (element) => element.closest("details:not([open])");
      const items = [...document.querySelectorAll(".x")].filter((item) => !folded(item));
      const should = (item) => tag === "everything" || item.classList.contains(`is-${tag}`);
      const inside = (item) => !item.parentElement.closest(".x") || should(item.parentElement.closest(".x"));
      const wrong = items.filter((item) => is_shown(item) !== (should(item) && inside(item)));
      return { wrong: wrong.map((item) => item.className), shown: items.filter(is_shown).length };
    }, filter.replace("only-", ""));
    assert.deepEqual(wrong.wrong, [], `${name}: ${filter}`);
    assert.ok(wrong.shown > 0, `${name}: ${filter} shows nothing`);
  }
  await context.close();
}

/** With the keyboard only: every control is reached and shows the focus, and arrows choose a filter. */
async function check_keyboard(url, name) {
  const { context, page } = await open(url, { viewport: { width: 375, height: 900 } });
  await page.keyboard.press("Tab");
  const first = await page.evaluate(() => document.activeElement.getAttribute("href"));
  assert.equal(first, "#main", `${name}: the first stop does not skip to the results`);
  if (await page.locator(".filters").count()) {
    await page.keyboard.press("Tab");
    await page.keyboard.press("ArrowDown");
    const choice = await page.evaluate(() => document.querySelector(".filters :checked").id);
    assert.notEqual(choice, "only-everything", `${name}: arrows choose no filter`);
    await page.keyboard.press("ArrowUp");
  }
  const expected = await page.evaluate(() => {
    const closed = (element) => element.parentElement.closest("details:not([open])");
    const is_folded = (stop) => {
      for (let details = closed(stop); details; details = closed(details)) {
        if (details.querySelector(":scope > summary") !== stop) return true;
      }
      return false;
    };
    return [...document.querySelectorAll("a, summary, [tabindex='0']")].filter((stop) => !is_folded(stop)).length;
  });
  assert.ok(expected > 0, `${name}: nothing can get the focus`);
  await page.goto(url);
  const reached = new Set();
  for (let stop = 0; stop < Math.min(expected + 2, 400); stop += 1) {
    await page.keyboard.press("Tab");
    const found = await page.evaluate(() => {
      const element = document.activeElement;
      const ring = element.matches(".filters input") ? element.closest("label") : element;
      const style = getComputedStyle(ring);
      const index = [...document.querySelectorAll("a, summary, [tabindex='0']")].indexOf(element);
      return { index, ring: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2, text: element.outerHTML.slice(0, 80) };
    });
    if (found.index < 0 && !found.text.startsWith("<input")) break;
    assert.ok(found.ring, `${name}: the focus cannot be seen on ${found.text}`);
    if (found.index >= 0) reached.add(found.index);
  }
  assert.ok(reached.size >= Math.min(expected, 398), `${name}: ${reached.size} of ${expected} stops are reached`);
  await context.close();
}

/** On paper there are no controls, and the filter that applies is named. */
async function check_print(url, name) {
  const { context, page } = await open(url, {});
  const filter = page.locator(".filters label").nth(1);
  await page.emulateMedia({ media: "print" });
  for (const control of await page.locator("nav, .skip, .filters input, .filters label").all()) {
    assert.ok(!(await control.isVisible()), `${name}: a control is printed`);
  }
  assert.ok(await page.locator("main h2").last().isVisible(), `${name}: the last section is not printed`);
  if (await filter.count()) {
    await page.emulateMedia({ media: "screen" });
    await filter.click();
    await page.emulateMedia({ media: "print" });
    assert.ok(await filter.isVisible(), `${name}: the filter of a printed page is not named`);
  }
  await context.close();
}

/** Texts that are too small, or whose contrast with what is behind them is below that of WCAG AA. */
async function hard_to_read(page) {
  return page.evaluate(() => {
    // A canvas converts any notation of a colour to bytes.
    const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    const known = new Map();
    const bytes = (colour) => {
      if (!known.has(colour)) {
        context.clearRect(0, 0, 1, 1);
        context.fillStyle = colour;
        context.fillRect(0, 0, 1, 1);
        known.set(colour, [...context.getImageData(0, 0, 1, 1).data]);
      }
      return known.get(colour);
    };
    const luminance = (colour) => {
      const [r, g, b] = bytes(colour).map((byte) => {
        const part = byte / 255;
        return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const behind = (element) => {
      for (let at = element; at; at = at.parentElement) {
        const colour = getComputedStyle(at).backgroundColor;
        if (bytes(colour)[3] === 255) return colour;
      }
      return "white";
    };
    const problems = new Set();
    for (const element of document.querySelectorAll("body *")) {
      const has_text = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
      if (!has_text || !element.checkVisibility()) continue;
      const style = getComputedStyle(element);
      const [text, back] = [luminance(style.color), luminance(behind(element))];
      const ratio = (Math.max(text, back) + 0.05) / (Math.min(text, back) + 0.05);
      if (ratio < 4.5) problems.add(`${element.className || element.tagName}: contrast ${ratio.toFixed(2)}`);
      if (parseFloat(style.fontSize) < 12) problems.add(`${element.tagName}: ${style.fontSize}`);
    }
    return [...problems];
  });
}
