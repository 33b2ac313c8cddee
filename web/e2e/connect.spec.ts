/*
 * A number is connected from Meta's window to its history: the window and Facebook's SDK are played
 * by the test, the Graph API by recado-sim, and everything between is real.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { metaReasons } from "../src/i18n/meta";
import { texts } from "../src/pages/whatsapp/messages";
import { visit, type Visit } from "./browser";
import { mustBeAccessible } from "./look";
import { until } from "./waiting";
import { received, text } from "./webhook";
import { World } from "./world";

let world: World;
let admin = "";
let numbers = 0;
let waba = "";
let phoneNumberId = "";

beforeAll(async () => {
	world = await World.start({ graph: {} });
	await world.client("acme");
	admin = await world.createToken({ role: "admin", clientSlug: "acme" });
});
afterAll(async () => await world.dispose());

/* A new account with one number in the Business App, for each test. */
beforeEach(async () => {
	numbers++;
	waba = String(900800700600500 + numbers);
	phoneNumberId = String(100200300400500 + numbers);
	await world.graph("calm");
	await world.graph("number", {
		wabaId: waba,
		phoneNumberId,
		displayPhoneNumber: `+55 11 3000-00${String(10 + numbers)}`,
		verifiedName: "Loja Acme",
		onBizApp: true,
		people: 6,
		messages: 40,
		contacts: 8,
		chunkMessages: 10,
	});
});

/*
 * Facebook's SDK, as far as the page uses it. Its window is at once at its end: with the code and
 * the message that the test says.
 */
async function playSdk(v: Visit, end: { code: string | null; event: object | null }): Promise<void> {
	v.expectProblem(/^request to another host: GET https:\/\/connect\.facebook\.net\//);
	await v.page.route("https://connect.facebook.net/**", (route) =>
		route.fulfill({
			contentType: "text/javascript",
			/* As the real one: first what only notes what it is asked, a moment later itself. */
			body: `window.FB = { __buffer: { calls: [] }, init() {}, login() {} };
			setTimeout(() => { window.FB = {
				init(options) { window.__init = options; },
				login(done, options) {
					window.__login = options;
					const event = ${JSON.stringify(end.event)};
					if (event !== null)
						window.dispatchEvent(new MessageEvent("message", {
							origin: "https://www.facebook.com", data: JSON.stringify(event) }));
					const code = ${JSON.stringify(end.code)};
					setTimeout(() => done({ authResponse: code === null ? null : { code } }), 0);
				},
			}; }, 200);`,
		}),
	);
}

const finished = () => ({
	type: "WA_EMBEDDED_SIGNUP",
	event: "FINISH_WHATSAPP_BUSINESS_APP_ONBOARDING",
	version: 3,
	data: { waba_id: waba },
});

async function newCode(again = false): Promise<string> {
	return String((await world.graph("code", { wabaId: waba, ...(again ? { again } : {}) }))["code"]);
}

async function begin(
	end: { code: string | null; event: object | null },
	language: "pt-BR" | "en" = "pt-BR",
): Promise<Visit> {
	const v = await visit(world.url, { token: admin, path: "/acme/whatsapp/nova", language });
	await playSdk(v, end);
	await v.page.getByRole("button", { name: v.texts(texts)("new.signup") }).click();
	return v;
}

const connectionsNow = async () =>
	(await world.api("get", "/api/clients/{slug}/connections", { path: { slug: "acme" } })).data.filter(
		(c) => c.phoneNumberId === phoneNumberId,
	);

describe("Embedded Signup", () => {
	test("a number in the Business App comes with its contacts and its whole history", async () => {
		const v = await begin({ code: await newCode(), event: finished() });
		const t = v.texts(texts);
		await v.page.getByText(t("new.connected")).waitFor();
		await v.page.waitForURL(/\/acme\/whatsapp\/[0-9a-f-]{36}$/);
		await v.page.getByText(t("history.completed"), { exact: false }).first().waitFor({ timeout: 60_000 });
		await v.page.getByText(t("log.connection.onboarded")).waitFor();
		await mustBeAccessible(v.page);
		const [connection] = await connectionsNow();
		expect(connection).toMatchObject({
			status: "connected",
			historySyncStatus: "completed",
			hasAccessToken: true,
			verifiedName: "Loja Acme",
		});
		expect(await v.page.evaluate("window.__login")).toMatchObject({
			config_id: "1234567890",
			response_type: "code",
			extras: { featureType: "whatsapp_business_app_onboarding", sessionInfoVersion: "3" },
		});
		expect((await world.graphStats())["violations"]).toEqual([]);
	});

	test("a business that does not share its history is connected, and told so", async () => {
		await world.graph("number", { wabaId: waba, phoneNumberId, decline: "envelope" });
		const v = await begin({ code: await newCode(), event: finished() });
		const t = v.texts(texts);
		await v.page.getByText(t("new.connected")).waitFor();
		await v.page.getByText(t("remedy.declined")).first().waitFor({ timeout: 60_000 });
	});

	test("a window that is closed connects nothing, and may be opened again", async () => {
		const v = await begin({ code: null, event: null });
		const t = v.texts(texts);
		await v.page.getByText(t("new.signup.cancelled")).waitFor();
		await mustBeAccessible(v.page);
		expect(await connectionsNow()).toEqual([]);
		expect(await v.page.getByRole("button", { name: t("new.signup") }).isEnabled()).toBe(true);
	});

	test("an error of Meta's in the window is told in its words", async () => {
		const v = await begin({
			code: null,
			event: {
				type: "WA_EMBEDDED_SIGNUP",
				event: "CANCEL",
				data: { error_message: "Account is not eligible", error_id: "524126" },
			},
		});
		await v.page.getByText(/Account is not eligible \(524126\)/).waitFor();
	});

	test("a code that is not Meta's is refused, in English too", async () => {
		const v = await begin({ code: "not-a-code", event: finished() }, "en");
		await v.page.getByText(v.texts(texts)("new.step.token")).waitFor();
		expect(await connectionsNow()).toEqual([]);
	});

	test("what came before the number was connected is not lost", async () => {
		const person = { waId: String(5521988880000 + numbers), name: "Bia antes de tudo" };
		const number = {
			id: "",
			clientSlug: "acme",
			phoneNumberId,
			wabaId: waba,
			displayNumber: `55113000001${numbers}`,
		};
		await world.postWebhook(
			received(number, person, text(`wamid.before-${numbers}`, new Date(), "Alguém aí?")),
		);
		const v = await begin({ code: await newCode(), event: finished() });
		await v.page.getByText(v.texts(texts)("new.connected")).waitFor();
		await v.goto("/acme/conversas?q=antes");
		await v.page.getByText(person.name).first().waitFor({ timeout: 30_000 });
	});

	test("what was cut on the way is gone on with by the same code", async () => {
		await world.graph("fault", { path: `/${waba}/subscribed_apps`, times: 1, status: 403, code: 200 });
		const v = await begin({ code: await newCode(), event: finished() });
		const t = v.texts(texts);
		await v.page.getByText(t("new.step.subscribe")).waitFor();
		await v.page.getByText(v.texts(metaReasons)("no_permission")).waitFor();
		await mustBeAccessible(v.page);
		await v.page.getByRole("button", { name: t("new.signup.goOn") }).click();
		await v.page.getByText(t("new.connected")).waitFor();
		expect(await connectionsNow()).toHaveLength(1);
	});

	test("a network that is cut at every step only takes longer", async () => {
		await world.graph("fault", { path: `/${waba}`, times: 1, fate: "cut" });
		await world.graph("fault", { path: `/${phoneNumberId}/smb_app_data`, times: 1, fate: "close" });
		const v = await begin({ code: await newCode(), event: finished() });
		await v.page.getByText(v.texts(texts)("new.connected")).waitFor({ timeout: 60_000 });
	});

	test("asked too late the number is connected, and the remedy is said", async () => {
		const code = await newCode();
		await world.graph("late", { phoneNumberId });
		const v = await begin({ code, event: finished() });
		const t = v.texts(texts);
		await v.page.getByText(t("new.connected")).waitFor();
		await until("its history has failed", async () => {
			const [c] = await connectionsNow();
			return c?.historySyncStatus === "failed" && c.historySyncError?.code === 2593108;
		});
		await v.page.getByRole("button", { name: t("again") }).click();
		await v.page.getByText(v.texts(metaReasons)("sync_too_late")).waitFor();
	});

	test("what was asked for before is fine, and connecting again is a new run", async () => {
		const first = await begin({ code: await newCode(), event: finished() });
		await first.page.getByText(first.texts(texts)("new.connected")).waitFor();
		const v = await begin({ code: await newCode(true), event: finished() });
		await v.page.getByText(v.texts(texts)("new.connected")).waitFor();
		expect(await connectionsNow()).toHaveLength(1);
		await v.page.getByText(v.texts(texts)("log.connection.reconnected")).waitFor();
	});

	test("Meta's page that does not load is said, and what is missing on the server", async () => {
		const v = await visit(world.url, { token: admin, path: "/acme/whatsapp/nova" });
		const t = v.texts(texts);
		v.expectProblem(/^request to another host: GET https:\/\/connect\.facebook\.net\//);
		v.expectProblem(/^console error: Failed to load resource/);
		await v.page.route("https://connect.facebook.net/**", (route) => route.abort());
		await v.page.getByRole("button", { name: t("new.signup") }).click();
		await v.page.getByText(t("new.signup.blocked")).waitFor();
	});
});
