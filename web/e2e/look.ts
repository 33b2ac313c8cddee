/* What is looked for on any page: is it accessible, does it fit, does it say how it is. */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type axeCore from "axe-core";
import type { Locator, Page } from "playwright-core";
import { common } from "../src/i18n/common";
import { expect } from "vitest";
import type { Visit } from "./browser";

let source: Promise<string> | null = null;

/**
 * Fails with what axe finds serious or critical. It is evaluated by the debugger, to which the
 * page's Content-Security-Policy does not apply, so that the page is looked at as it is served.
 */
export async function mustBeAccessible(page: Page): Promise<void> {
	source ??= readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
	await page.evaluate(await source);
	const found = await page.evaluate(async () => {
		const { axe } = window as unknown as { axe: typeof axeCore };
		const { violations } = await axe.run(document, { resultTypes: ["violations"] });
		return violations
			.filter((v) => v.impact === "serious" || v.impact === "critical")
			.flatMap((v) =>
				v.nodes.map(
					(n) =>
						`${v.id} (${v.impact ?? ""}) at ${n.target.join(" ")}: ${v.help}\n    ${n.failureSummary ?? ""}`,
				),
			);
	});
	if (found.length > 0) throw new Error(`axe at ${page.url()}:\n  ${found.join("\n  ")}`);
}

/** The same in light and in dark; afterwards the page is light. */
export async function mustBeAccessibleInBothThemes(page: Page): Promise<void> {
	for (const colorScheme of ["dark", "light"] as const) {
		await page.emulateMedia({ colorScheme });
		await mustBeAccessible(page);
	}
}

/** Goes there by Tab alone, as somebody without a mouse does. */
export async function tabTo(page: Page, target: Locator, most = 80): Promise<void> {
	for (let i = 0; i < most; i++) {
		await page.keyboard.press("Tab");
		if (await target.evaluate((e) => e === document.activeElement)) return;
	}
	throw new Error(`not reached by ${most} Tabs: ${String(target)}`);
}

function pathIs(path: string | RegExp): (url: URL) => boolean {
	return (url) => (typeof path === "string" ? url.pathname === path : path.test(url.pathname));
}

/** Holds back the answers of a path of the API until `release` is called. */
export async function holdBack(page: Page, path: string | RegExp): Promise<{ release: () => void }> {
	let release = () => {};
	const gate = new Promise<void>((resolve) => {
		release = resolve;
	});
	await page.route(pathIs(path), async (route) => {
		await gate;
		await route.continue();
	});
	return { release };
}

/**
 * Fails when the page is wider than the screen: when the document, the page's root or its main
 * part would have to be moved sideways. Names what sticks out.
 */
export async function mustFitTheWidth(page: Page): Promise<void> {
	const width = page.viewportSize()?.width ?? 0;
	const out = await page.evaluate((screen) => {
		const scrolls = (e: Element) => e.scrollWidth > Math.min(screen, e.clientWidth) + 1;
		const frames = [
			document.documentElement,
			document.body,
			...document.querySelectorAll("#root, main, [role=dialog]"),
		];
		const wide = frames.filter(scrolls);
		const inside = (e: Element): boolean => {
			for (let up = e.parentElement; up !== null && !frames.includes(up); up = up.parentElement)
				if (getComputedStyle(up).overflowX !== "visible") return true;
			return false;
		};
		return wide.flatMap((frame) => {
			const edge = Math.min(screen, frame.getBoundingClientRect().right) + 1;
			const culprits = [...frame.querySelectorAll("*")].filter(
				(e) => e.getBoundingClientRect().right > edge && !inside(e),
			);
			const name = (e: Element) =>
				`<${e.tagName.toLowerCase()} class="${e.getAttribute("class") ?? ""}"> ${e.textContent.slice(0, 40)}`;
			return [
				`${name(frame)}: ${frame.scrollWidth} wide in ${Math.min(screen, frame.clientWidth)}`,
				...culprits
					.slice(0, 5)
					.map((e) => `  ${name(e)} reaches ${Math.round(e.getBoundingClientRect().right)}`),
			];
		});
	}, width);
	if (out.length > 0) throw new Error(`wider than the screen at ${page.url()}:\n${out.join("\n")}`);
}

/**
 * A page that asks `api` for what it shows: it says so while the answer is awaited, it says what went
 * wrong and goes on when asked to try again, and it says when there is no network. `ready` is there
 * once it has its answer.
 */
export async function mustShowItsStates(
	v: Visit,
	of: { path: string; api: string | RegExp; ready: Locator },
): Promise<void> {
	const { page } = v;
	const t = v.texts(common);
	const held = await holdBack(page, of.api);
	await v.goto(of.path);
	await page
		.getByRole("main")
		.getByRole("status", { name: t("loading") })
		.first()
		.waitFor();
	expect(await of.ready.count()).toBe(0);
	await mustBeAccessible(page);
	held.release();
	await of.ready.waitFor();

	v.expectProblem(/^answer 500: /);
	v.expectProblem(/^console error: .* 500 /);
	const failing = pathIs(of.api);
	await page.route(failing, (route) =>
		route.fulfill({ status: 500, contentType: "application/problem+json", body: PROBLEM }),
	);
	await page.reload();
	const said = page.getByRole("alert").filter({ hasText: t("error.other", { id: "pedido-7" }) });
	await said.first().waitFor();
	await mustBeAccessible(page);
	await page.unroute(failing);
	await said
		.getByRole("button", { name: t("retry") })
		.first()
		.click();
	await of.ready.waitFor();

	await page
		.getByRole("main")
		.getByRole("status", { name: t("loading") })
		.first()
		.waitFor({ state: "detached" });
	await v.context.setOffline(true);
	const bar = page.getByRole("status").filter({ hasText: t("offline.browser") });
	await bar.waitFor();
	await mustBeAccessible(page);
	await v.context.setOffline(false);
	await bar.waitFor({ state: "detached" });
}

const PROBLEM = JSON.stringify({ title: "x", status: 500, error: "internal", requestId: "pedido-7" });
