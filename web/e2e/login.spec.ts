/* In and out of the page: by token, by link, and what each role then sees. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { common } from "../src/i18n/common";
import type { Language } from "../src/lib/format";
import { texts as adminTexts } from "../src/pages/admin/messages";
import { loginMessages } from "../src/shell/loginMessages";
import { visit, type Device, type Visit } from "./browser";
import { mustBeAccessible, mustFitTheWidth } from "./look";
import { World } from "./world";

let world: World;
let viewer = "";

beforeAll(async () => {
	world = await World.start();
	await world.client("acme", "Acme");
	await world.client("beta", "Beta");
	viewer = await world.createToken({ role: "viewer", clientSlug: "acme" });
});
afterAll(async () => await world.dispose());

const WRONG = "rcd_0000000000000000000000000000000000000000000";

async function enter(v: Visit, token: string): Promise<void> {
	const t = v.texts(loginMessages);
	await v.page.getByLabel(t("token"), { exact: true }).fill(token);
	await v.page.getByRole("button", { name: t("enter") }).click();
}

/* The page of a client, past the login. */
async function mustBeIn(v: Visit, path: string): Promise<void> {
	await v.page.waitForURL(v.url + path);
	await v.page.getByRole("navigation", { name: v.texts(common)("nav.label") }).waitFor();
}

async function mustAskForAToken(v: Visit): Promise<void> {
	await v.page.getByRole("heading", { name: v.texts(loginMessages)("title") }).waitFor();
}

async function tabs(v: Visit): Promise<string[]> {
	const nav = v.page.getByRole("navigation", { name: v.texts(adminTexts)("tabs") });
	await nav.waitFor();
	return await nav.getByRole("link").allInnerTexts();
}

const looks: { language: Language; theme: "light" | "dark"; device: Device }[] = [
	{ language: "pt-BR", theme: "light", device: "desktop" },
	{ language: "pt-BR", theme: "dark", device: "phone" },
	{ language: "en", theme: "light", device: "phone" },
	{ language: "en", theme: "dark", device: "desktop" },
];

test.each(looks)("the login page, $language, $theme, $device", async (look) => {
	const v = await visit(world.url, look);
	await mustAskForAToken(v);
	expect(await v.page.locator("html").getAttribute("lang")).toBe(look.language);
	expect(await v.page.locator("html").getAttribute("data-theme")).toBe(look.theme);
	await mustBeAccessible(v.page);
	await mustFitTheWidth(v.page);
});

test("the language and the theme that were chosen stay", async () => {
	const v = await visit(world.url);
	await v.page.getByRole("button", { name: v.texts(common)("language") }).click();
	await v.page.getByRole("menuitemradio", { name: "English" }).click();
	await v.page.getByRole("heading", { name: loginMessages.title[1] }).waitFor();
	await v.page.getByRole("button", { name: common["theme.dark"][1] }).click();
	await v.page.reload();
	await v.page.getByRole("heading", { name: loginMessages.title[1] }).waitFor();
	expect(await v.page.locator("html").getAttribute("data-theme")).toBe("dark");
});

describe.each(["pt-BR", "en"] as const)("in %s", (language) => {
	test("a wrong token is refused, and says so", async () => {
		const own = await World.start();
		try {
			const v = await visit(own.url, { language });
			v.expectProblem(/^console error: .* 401 .*\/api\/login\)$/);
			await enter(v, WRONG);
			await v.page.getByRole("alert").getByText(v.texts(loginMessages)("wrong")).waitFor();
			await mustBeAccessible(v.page);
			/* the right one afterwards */
			await enter(v, own.adminToken);
			await v.page.getByText(v.texts(common)("noclient.title")).waitFor();
		} finally {
			await own.dispose();
		}
	});

	test("too many wrong ones lock the address out, and it says for how long", async () => {
		const own = await World.start();
		try {
			const v = await visit(own.url, { language });
			v.expectProblem(/^console error: .* 401 .*\/api\/login\)$/);
			v.expectProblem(/^console error: .* 429 .*\/api\/login\)$/);
			for (let i = 0; i < 5; i++) {
				const answer = v.page.waitForResponse((r) => r.url().endsWith("/api/login"));
				await enter(v, WRONG);
				expect((await answer).status()).toBe(401);
			}
			await enter(v, own.adminToken);
			const alert = v.page.getByRole("alert");
			const [before = "", after = ""] = loginMessages.locked[language === "en" ? 1 : 0].split("{n}");
			await alert.filter({ hasText: before }).waitFor();
			const seconds = (await alert.innerText()).slice(before.length, -after.length);
			expect(seconds).toMatch(/^[1-6]?[0-9]$/);
			expect(Number(seconds)).toBeGreaterThan(0);
			await mustBeAccessible(v.page);
		} finally {
			await own.dispose();
		}
	});
});

test("the right token leads to the page, and nobody was asked who that is before", async () => {
	const v = await visit(world.url, { path: null });
	const asked: string[] = [];
	v.page.on("request", (r) => asked.push(new URL(r.url()).pathname));
	await v.goto("/");
	await mustAskForAToken(v);
	expect(asked.filter((path) => path.startsWith("/api"))).toEqual([]);
	await enter(v, `  ${viewer} `);
	await mustBeIn(v, "/acme/conversas");
	const kept = await v.context.cookies();
	expect(kept.map(({ name, httpOnly, sameSite }) => ({ name, httpOnly, sameSite }))).toEqual([
		{ name: "recado", httpOnly: true, sameSite: "Strict" },
		{ name: "recado_in", httpOnly: false, sameSite: "Strict" },
	]);
	expect(
		await v.page.evaluate(() => JSON.stringify(Object.entries(localStorage)) + document.cookie),
	).not.toContain("rcd_");
});

test("a link that leads deeper is kept through the login", async () => {
	const v = await visit(world.url, { path: "/acme/webhooks?status=failed" });
	await mustAskForAToken(v);
	await enter(v, viewer);
	await mustBeIn(v, "/acme/webhooks?status=failed");
});

test("a login link works once, and the second time says that it is over", async () => {
	const link = new URL(await world.loginLink()).pathname;
	const v = await visit(world.url, { path: link });
	await mustBeIn(v, "/acme/conversas");
	const w = await visit(world.url, { path: link });
	await w.page.getByRole("alert").getByText(w.texts(loginMessages)("expired")).waitFor();
	await mustBeAccessible(w.page);
	await enter(w, viewer);
	await mustBeIn(w, "/acme/conversas");
});

test("who leaves is out, here and at the server", async () => {
	const v = await visit(world.url, { token: viewer });
	const t = v.texts(common);
	await mustBeIn(v, "/acme/conversas");
	const before = await v.context.cookies();
	await v.page.getByRole("button", { name: t("account") }).click();
	await v.page.getByRole("menuitem", { name: t("logout") }).click();
	await mustAskForAToken(v);
	expect(await v.context.cookies()).toEqual([]);
	await v.goto("/acme/conversas");
	await mustAskForAToken(v);
	await v.context.addCookies(before);
	expect((await v.context.request.get(`${world.url}/api/me`)).status()).toBe(401);
});

test("a token that is revoked meanwhile leads back to the login", async () => {
	const made = await world.api("post", "/api/tokens", {
		body: { name: "short-lived", role: "viewer", clientSlug: "acme" },
	});
	const v = await visit(world.url, { token: made.secret });
	v.expectProblem(/^console error: .* 401 /);
	await mustBeIn(v, "/acme/conversas");
	await world.api("delete", "/api/tokens/{id}", { path: { id: made.token.id } });
	/* the stream may have led there already */
	await v.goto("/acme/webhooks");
	await mustAskForAToken(v);
	await enter(v, viewer);
	await mustBeIn(v, "/acme/webhooks");
});

test("a viewer is not offered what a viewer may not do, and the server refuses it", async () => {
	const v = await visit(world.url, { token: viewer, path: "/acme/administracao" });
	const t = v.texts(adminTexts);
	expect(await tabs(v)).toEqual([t("tab.clientes")]);
	for (const tab of ["tokens", "auditoria", "configuracoes", "saude"]) {
		await v.goto(`/acme/administracao/${tab}`);
		await v.page.getByText(t("forbidden")).waitFor();
	}
	for (const path of ["/api/tokens", "/api/settings", "/api/health/details", "/api/clients/acme/audit-log"])
		expect((await v.context.request.get(world.url + path)).status(), path).toBe(403);
	await v.goto("/beta/conversas");
	await v.page.getByText(v.texts(common)("notfound.title")).waitFor();
	expect((await v.context.request.get(`${world.url}/api/clients/beta`)).status()).toBe(404);
});

test("the operator is offered everything, of every client", async () => {
	const v = await visit(world.url, { token: world.adminToken, path: "/beta/administracao" });
	const t = v.texts(adminTexts);
	expect(await tabs(v)).toEqual(
		(["clientes", "tokens", "auditoria", "configuracoes", "saude"] as const).map((tab) =>
			t(`tab.${tab}`),
		),
	);
	await v.page.getByRole("button", { name: v.texts(common)("client.switch", { name: "Beta" }) }).click();
	const clients = v.page.getByRole("menuitemradio");
	await clients.nth(1).waitFor();
	expect(await clients.allInnerTexts()).toEqual(["Acme\nacme", "Beta\nbeta"]);
});
