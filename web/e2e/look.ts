/* What is looked for on any page: is it accessible, does it fit. */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type axeCore from "axe-core";
import type { Page } from "playwright-core";

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
