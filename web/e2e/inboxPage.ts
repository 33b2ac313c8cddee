/* Where the parts of the inbox are, by what a person would call them. */
import type { Locator } from "playwright-core";
import { texts } from "../src/pages/inbox/messages";
import type { Visit } from "./browser";
import { until } from "./waiting";
import type { World } from "./world";

export const list = (v: Visit) => v.page.getByRole("region", { name: v.texts(texts)("list"), exact: true });
export const rows = (v: Visit) => list(v).getByRole("link");
export const thread = (v: Visit) => v.page.getByRole("log", { name: v.texts(texts)("thread") });
export const bubble = (v: Visit, words: string) => thread(v).getByRole("article").filter({ hasText: words });
export const details = (v: Visit) => v.page.getByRole("complementary", { name: v.texts(texts)("details") });
export const composer = (v: Visit) => v.page.getByRole("group", { name: v.texts(texts)("composer") });

/* Wholly within what is seen of the thread. */
async function isInView(v: Visit, what: Locator): Promise<boolean> {
	const [box, view] = await Promise.all([what.boundingBox(), thread(v).boundingBox()]);
	return (
		box !== null && view !== null && box.y >= view.y - 1 && box.y + box.height <= view.y + view.height + 1
	);
}
export const mustBeInView = (v: Visit, what: Locator) => until("it is in view", () => isInView(v, what));

export async function scrollTo(box: Locator, end: "top" | "bottom"): Promise<void> {
	await box.evaluate((e, to) => {
		e.scrollTop = to === "top" ? 0 : e.scrollHeight;
	}, end);
}

/** The conversation of a person, who is named by digits. */
export async function conversationOf(world: World, slug: string, waId: string): Promise<string> {
	const found = await world.api("get", "/api/clients/{slug}/conversations", {
		path: { slug },
		query: { q: waId },
	});
	const one = found.data[0];
	if (one === undefined) throw new Error(`no conversation of ${waId}`);
	return one.id;
}
