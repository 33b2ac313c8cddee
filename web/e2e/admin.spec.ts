/* Clients, tokens, settings, what was done and how the server is; and that no secret is ever shown. */
import { randomBytes } from "node:crypto";
import type { Locator } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { common } from "../src/i18n/common";
import { texts } from "../src/pages/admin/messages";
import { texts as webhookTexts } from "../src/pages/webhooks/messages";
import { loginMessages } from "../src/shell/loginMessages";
import { visit, type Visit } from "./browser";
import { mustBeAccessibleInBothThemes, mustFitTheWidth, mustShowItsStates, tabTo } from "./look";
import { until } from "./waiting";
import { World } from "./world";

const DESK_KEY = "chave-muito-secreta-do-helpdesk";
const DESK_URL = "https://helpdesk.exemplo.com.br/api";
const secretKey = randomBytes(32).toString("base64");
const modelKey = `sk-${randomBytes(16).toString("hex")}`;

let world: World;

beforeAll(async () => {
	world = await World.start({
		settings: { SECRET_KEY: secretKey, OPENAI_API_KEY: modelKey, OPENAI_PRICES: "1,1,1" },
	});
});
afterAll(async () => await world.dispose());

const secrets = () => [world.adminToken, world.appSecret, world.verifyToken, secretKey, modelKey, DESK_KEY];

const panel = (v: Visit, name: string): Locator => v.page.getByRole("region", { name, exact: true });
const row = (v: Visit, text: string): Locator => v.page.getByRole("row").filter({ hasText: text });

/* Notes what the server answers; `check` fails if a secret was among it or is anywhere in the page. */
function watchForSecrets(v: Visit): { check: () => Promise<void> } {
	const answers: Promise<string>[] = [];
	v.page.on("response", (r) => {
		const isText = /json|text\/(?!event-stream)/.test(r.headers()["content-type"] ?? "");
		if (isText && new URL(r.url()).pathname.startsWith("/api/"))
			answers.push(r.text().then((body) => `${r.url()} ${JSON.stringify(r.headers())} ${body}`));
	});
	return {
		check: async () => {
			const held = await v.page.evaluate(() =>
				[
					document.documentElement.outerHTML,
					...[...document.querySelectorAll("input, textarea")].map(
						(e) => (e as HTMLInputElement).value,
					),
					JSON.stringify([localStorage, sessionStorage, document.cookie, location.href]),
				].join("\n"),
			);
			const said = await Promise.all(answers);
			expect(said.length).toBeGreaterThan(0);
			for (const secret of secrets())
				for (const text of [held, ...said])
					expect(text.includes(secret), text.slice(0, 200)).toBe(false);
		},
	};
}

async function mustBeFocused(target: Locator): Promise<void> {
	await until("it has the focus", () => target.evaluate((e) => e === document.activeElement));
}

test("the first client is added from nothing; what is wrong is said at its field", async () => {
	const v = await visit(world.url, { token: world.adminToken });
	const t = v.texts(texts);
	await v.page.getByRole("link", { name: v.texts(common)("noclient.action") }).click();
	await v.page.getByText(t("clients.none")).waitFor();
	await v.page.getByRole("button", { name: t("clients.add") }).click();
	const dialog = v.page.getByRole("dialog", { name: t("clients.newTitle") });
	const name = dialog.getByLabel(t("name"), { exact: true });
	await mustBeFocused(name);
	await name.fill("Açaí & Cia <b>");
	const slug = dialog.getByLabel(t("slug"));
	expect(await slug.inputValue()).toBe("acai-cia-b");
	await slug.fill("Acme!");
	await dialog.getByText(t("slug.wrong")).waitFor();
	await dialog.getByLabel(t("helpdesk")).fill("helpdesk.exemplo.com.br");
	await dialog.getByText(t("helpdesk.wrong")).waitFor();
	await mustBeAccessibleInBothThemes(v.page);
	await slug.fill("acme");
	await dialog.getByLabel(t("helpdesk")).fill("");
	await v.page.keyboard.press("Enter");
	await v.page.getByText(t("clients.added")).waitFor();
	await v.page.waitForURL(`${world.url}/acme/administracao/clientes`);
	await row(v, "Açaí & Cia <b>").getByText(t("helpdesk.none")).waitFor();

	await v.page.getByRole("button", { name: t("clients.add") }).click();
	await name.fill("Acme");
	await dialog.getByRole("button", { name: v.texts(common)("save") }).click();
	v.expectProblem(/^console error: .* 409 /);
	await dialog.getByText(t("slug.taken")).waitFor();
	await v.page.keyboard.press("Escape");
	await dialog.waitFor({ state: "detached" });
	await mustBeFocused(v.page.getByRole("button", { name: t("clients.add") }));
});

test("a helpdesk's key goes in and never comes out; the last client may be put to rest", async () => {
	const v = await visit(world.url, { token: world.adminToken, path: "/acme/administracao/clientes" });
	const t = v.texts(texts);
	const watch = watchForSecrets(v);
	const dialog = v.page.getByRole("dialog", { name: t("clients.editTitle") });
	const save = dialog.getByRole("button", { name: v.texts(common)("save") });
	const edit = v.page.getByRole("button", { name: /^Editar / });
	const shown = async (text: string) =>
		await v.page.getByRole("cell", { name: text, exact: true }).waitFor();

	await edit.click();
	await dialog.getByText(t("key.hint.unset")).waitFor();
	await dialog.getByLabel(t("name"), { exact: true }).fill("Acme");
	await dialog.getByLabel(t("helpdesk")).fill(DESK_URL);
	await dialog.getByLabel(t("key"), { exact: true }).fill(DESK_KEY);
	await save.click();
	await dialog.waitFor({ state: "detached" });
	await shown(DESK_URL);
	await shown(t("key.set"));
	await edit.click();
	await dialog.getByText(t("key.hint.set")).waitFor();
	expect(await dialog.getByLabel(t("key"), { exact: true }).inputValue()).toBe("");
	await mustBeAccessibleInBothThemes(v.page);
	await dialog.getByLabel(t("active"), { exact: true }).uncheck();
	await save.click();
	await shown(t("inactive"));
	await shown(t("key.set"));
	await watch.check();

	await v.page.getByRole("link", { name: v.texts(common)("nav.inbox") }).click();
	await v.page.waitForURL(`${world.url}/acme/conversas`);
	await v.goto("/acme/administracao");
	await edit.click();
	await dialog.getByLabel(t("active"), { exact: true }).check();
	await dialog.getByLabel(t("key.remove")).check();
	expect(await dialog.getByLabel(t("key"), { exact: true }).isDisabled()).toBe(true);
	await save.click();
	await shown(t("active"));
	await shown(t("key.unset"));
	const { client } = await world.api("get", "/api/clients/{slug}", { path: { slug: "acme" } });
	expect([client.hasApiKey, client.apiBaseUrl, client.isActive]).toEqual([false, DESK_URL, true]);
	await world.client("beta", "Beta");
});

test("a token is made by keyboard alone, shown once, copied, used elsewhere, and revoked", async () => {
	const v = await visit(world.url, { token: world.adminToken, path: "/acme/administracao/tokens" });
	const t = v.texts(texts);
	const { keyboard } = v.page;
	await v.context.grantPermissions(["clipboard-read", "clipboard-write"]);
	await v.page.getByText(t("tokens.none")).waitFor();
	const add = v.page.getByRole("button", { name: t("tokens.add") });
	await tabTo(v.page, add);
	await keyboard.press("Enter");
	const form = v.page.getByRole("dialog", { name: t("tokens.add") });
	await mustBeFocused(form.getByLabel(t("name"), { exact: true }));
	await mustBeAccessibleInBothThemes(v.page);
	await keyboard.type("Ana do balcão");
	await keyboard.press("Tab");
	await keyboard.press("ArrowDown");
	expect(await form.getByLabel(t("role.agent"), { exact: true }).isChecked()).toBe(true);
	await tabTo(v.page, form.getByRole("button", { name: t("tokens.create") }));
	await keyboard.press("Enter");
	const made = v.page.getByRole("dialog", { name: t("tokens.secretTitle") });
	const secret = made.getByLabel(t("tokens.secret", { name: "Ana do balcão" }));
	await mustBeFocused(secret);
	const value = await secret.inputValue();
	expect(value).toMatch(/^rcd_[\w-]{43}$/);
	await mustBeAccessibleInBothThemes(v.page);
	await tabTo(v.page, made.getByRole("button", { name: t("tokens.secretCopy") }));
	await keyboard.press("Enter");
	await made.getByText(v.texts(common)("copied")).waitFor();
	expect(await v.page.evaluate(() => navigator.clipboard.readText())).toBe(value);
	await tabTo(v.page, made.getByRole("button", { name: t("tokens.secretDone") }));
	await keyboard.press("Enter");
	await made.waitFor({ state: "detached" });
	await mustBeFocused(add);
	await row(v, "Ana do balcão").getByText(t("role.agent")).waitFor();
	const body = v.page.locator("html");
	expect((await body.innerHTML()).includes(value)).toBe(false);

	const w = await visit(world.url);
	w.expectProblem(/^console error: .* 401 /);
	await w.page.getByLabel(w.texts(loginMessages)("token"), { exact: true }).fill(value);
	await w.page.getByRole("button", { name: w.texts(loginMessages)("enter") }).click();
	await w.page.waitForURL(`${world.url}/acme/conversas`);

	await v.page.getByRole("button", { name: t("tokens.revokeOf", { name: "Ana do balcão" }) }).click();
	const confirm = v.page.getByRole("dialog", { name: t("tokens.revokeTitle") });
	await confirm.getByText(t("tokens.revokeText", { name: "Ana do balcão" })).waitFor();
	await mustBeAccessibleInBothThemes(v.page);
	await confirm.getByRole("button", { name: t("tokens.revoke") }).click();
	await v.page.getByText(t("tokens.none")).waitFor();
	await w.page.getByRole("link", { name: w.texts(common)("nav.webhooks") }).click();
	await w.page.getByRole("heading", { name: w.texts(loginMessages)("title") }).waitFor();
});

test("settings in force: of secrets only that they are set, in the page and in every answer", async () => {
	const v = await visit(world.url, { token: world.adminToken, path: null });
	const t = v.texts(texts);
	const watch = watchForSecrets(v);
	await v.goto("/acme/administracao/configuracoes");
	for (const name of [
		"ADMIN_TOKEN",
		"SECRET_KEY",
		"META_APP_SECRET",
		"META_VERIFY_TOKEN",
		"OPENAI_API_KEY",
	])
		await v.page.getByRole("row", { name: new RegExp(`^${name} ${t("settings.set")}$`) }).waitFor();
	await row(v, "META_APP_SECRET_PREVIOUS").getByText(t("settings.unset")).waitFor();
	await mustBeAccessibleInBothThemes(v.page);
	await v.page.getByRole("searchbox", { name: t("settings.find") }).fill("openai key");
	await row(v, "SECRET_KEY").first().waitFor({ state: "detached" });
	expect(await v.page.locator("tbody tr").count()).toBe(1);
	await v.page.getByRole("searchbox", { name: t("settings.find") }).fill("zzz");
	await v.page.getByText(t("settings.none")).waitFor();
	for (const tab of ["tab.auditoria", "tab.saude", "tab.tokens", "tab.clientes"] as const) {
		await v.page
			.getByRole("navigation", { name: t("tabs") })
			.getByRole("link", { name: t(tab) })
			.click();
		await panel(v, t(tab)).waitFor();
	}
	await watch.check();
});

test("what was just done is in the audit log, with who did it", async () => {
	const byAdmin = await world.createToken({ role: "admin", clientSlug: "acme" });
	await world.request("PATCH", "/api/clients/acme", { body: { name: "Acme Ltda" }, token: byAdmin });
	const v = await visit(world.url, { token: world.adminToken, path: "/acme/administracao/auditoria" });
	const t = v.texts(texts);
	await row(v, t("action.client.changed"))
		.first()
		.getByText(/^Token …\w{6}$/)
		.waitFor();
	await row(v, t("action.client.created")).getByText(t("actor.operator")).waitFor();
	for (const action of ["action.token.created", "action.token.revoked"] as const)
		await row(v, t(action)).first().getByText(t("actor.operator")).waitFor();
	await v.page.getByText(t("audit.text", { name: "Acme Ltda" })).waitFor();
	await mustBeAccessibleInBothThemes(v.page);
	expect(await v.page.getByRole("table").innerText()).not.toContain(DESK_KEY);
	await v.goto("/beta/administracao/auditoria");
	await row(v, t("action.client.created")).waitFor();
	expect(await v.page.locator("tbody tr").count()).toBe(1);
});

test("the server's health: all is well, then a finding with its remedy and the way there", async () => {
	const v = await visit(world.url, { token: world.adminToken, path: "/acme/administracao/saude" });
	const t = v.texts(texts);
	await v.page.getByText(t("health.good.text")).waitFor();
	await mustBeAccessibleInBothThemes(v.page);
	const nobodys = {
		id: "",
		clientSlug: "acme",
		phoneNumberId: "100999",
		wabaId: "900999",
		displayNumber: "551139999999",
	};
	await world.sim.meta(nobodys, { only: "live", live: 3, people: 2 }).finished();
	await until("it is parked", async () => {
		await v.page.getByRole("button", { name: t("health.refresh") }).click();
		return (await v.page.getByText(t("finding.parked.remedy")).count()) > 0;
	});
	await v.page.getByText(t("health.found", { n: 1 })).waitFor();
	await mustBeAccessibleInBothThemes(v.page);
	await v.page.getByRole("link", { name: t("health.open"), exact: true }).click();
	await v.page.waitForURL(/\/webhooks\?/);
	await v.page.getByRole("heading", { name: v.texts(webhookTexts)("title") }).waitFor();
});

test("an admin of one client sees what is his, and may not do more than that", async () => {
	const token = await world.createToken({ role: "admin", clientSlug: "beta" });
	const v = await visit(world.url, { token, path: "/beta/administracao/clientes" });
	const t = v.texts(texts);
	await row(v, "Beta").waitFor();
	expect(await v.page.locator("tbody tr").count()).toBe(1);
	expect(await v.page.getByRole("button", { name: t("clients.add") }).count()).toBe(0);
	const tabs = v.page.getByRole("navigation", { name: t("tabs") });
	expect(await tabs.getByRole("link").allInnerTexts()).toEqual([
		t("tab.clientes"),
		t("tab.tokens"),
		t("tab.auditoria"),
	]);
	await tabs.getByRole("link", { name: t("tab.tokens") }).click();
	await row(v, "test admin").waitFor();
	expect(await v.page.locator("tbody tr").count()).toBe(1);
	await v.page.getByRole("button", { name: t("tokens.add") }).click();
	expect(await v.page.getByLabel(t("tokens.client")).locator("option").allInnerTexts()).toEqual(["Beta"]);
	await v.page.keyboard.press("Escape");
	await v.goto("/acme/administracao/tokens");
	await v.page.getByText(v.texts(common)("notfound.title")).waitFor();
	for (const path of ["/api/clients/acme", "/api/clients/acme/audit-log"])
		expect((await v.context.request.get(world.url + path)).status(), path).toBe(404);
	expect((await v.context.request.get(`${world.url}/api/settings`)).status()).toBe(403);
});

test("each section says that it waits, what went wrong, and that there is no network", async () => {
	const v = await visit(world.url, { token: world.adminToken, path: null });
	const rows = v.page.locator("tbody tr").first();
	for (const [tab, api, ready] of [
		["clientes", "/api/clients", rows],
		["tokens", "/api/tokens", rows],
		["auditoria", "/api/clients/acme/audit-log", rows],
		["configuracoes", "/api/settings", rows],
		["saude", "/api/health/details", v.page.getByText(v.texts(texts)("health.remedy"))],
	] as const)
		await mustShowItsStates(v, { path: `/acme/administracao/${tab}`, api, ready });
});

test("in English, on a phone, in the dark: each section fits", async () => {
	const v = await visit(world.url, {
		token: world.adminToken,
		path: "/acme/administracao",
		language: "en",
		device: "phone",
		theme: "dark",
	});
	const t = v.texts(texts);
	await row(v, "Beta").waitFor();
	for (const tab of ["clientes", "tokens", "auditoria", "configuracoes", "saude"] as const) {
		const name = t(`tab.${tab}`);
		await v.page
			.getByRole("navigation", { name: t("tabs") })
			.getByRole("link", { name })
			.click();
		await panel(v, name).locator("tbody tr, li").first().waitFor();
		await mustFitTheWidth(v.page);
		if (tab !== "tokens") continue;
		await v.page.getByRole("button", { name: t("tokens.add") }).click();
		await v.page.getByRole("dialog", { name: t("tokens.add") }).waitFor();
		await mustFitTheWidth(v.page);
		await v.page.keyboard.press("Escape");
	}
});

test("a token is copied over plain http too, where a browser has no clipboard for pages", async () => {
	const v = await visit(world.url, { token: world.adminToken, path: null });
	await v.page.addInitScript(() => Object.defineProperty(navigator, "clipboard", { value: undefined }));
	await v.goto("/beta/administracao/tokens");
	const t = v.texts(texts);
	const add = v.page.getByRole("button", { name: t("tokens.add") });
	const name = v.page.getByRole("dialog").getByLabel(t("name"), { exact: true });
	await add.click();
	await name.fill("Sem cadeado");
	await v.page.getByRole("button", { name: t("tokens.create") }).click();
	const made = v.page.getByRole("dialog", { name: t("tokens.secretTitle") });
	const secret = await made.getByLabel(t("tokens.secret", { name: "Sem cadeado" })).inputValue();
	const copy = made.getByRole("button", { name: t("tokens.secretCopy") });
	await copy.click();
	const copied = made.getByRole("button", { name: v.texts(common)("copied") });
	await copied.waitFor();
	await mustBeFocused(copied);
	await made.getByRole("button", { name: t("tokens.secretDone") }).click();
	await add.click();
	await name.press("ControlOrMeta+V");
	expect(await name.inputValue()).toBe(secret);
	await v.page.keyboard.press("Escape");
	await v.page.evaluate(() => Object.assign(document, { execCommand: () => false }));
	await add.click();
	await name.fill("Sem nada");
	await v.page.getByRole("button", { name: t("tokens.create") }).click();
	await copy.click();
	await made.getByRole("button", { name: v.texts(common)("copyFailed") }).waitFor();
});
