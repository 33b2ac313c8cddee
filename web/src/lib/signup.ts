/*
 * What Meta's window for Embedded Signup tells the page that opened it. Pure. Source: Meta's page on
 * Embedded Signup for users of the WhatsApp Business App.
 */
export type SignupMode = "coexistence" | "cloud_api";

/** What the window says while it is open; the code comes by another way. */
export type SignupEvent =
	| { kind: "finished"; wabaId: string; phoneNumberId: string | null }
	| { kind: "cancelled"; step: string | null }
	| { kind: "failed"; message: string; id: string | null };

const FINISHED = new Set([
	"FINISH",
	"FINISH_WHATSAPP_BUSINESS_APP_ONBOARDING",
	"FINISH_ONLY_WABA",
	"FINISH_GRANT_ONLY_API_ACCESS",
]);

/** Only Meta's own windows are listened to. */
export function isOfMeta(origin: string): boolean {
	try {
		const url = new URL(origin);
		return (
			url.protocol === "https:" &&
			(url.hostname === "facebook.com" || url.hostname.endsWith(".facebook.com"))
		);
	} catch {
		return false;
	}
}

function textOf(value: unknown): string | null {
	return typeof value === "string" && value !== ""
		? value
		: typeof value === "number"
			? String(value)
			: null;
}

function isObject(value: unknown): value is Record<string, unknown> {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parsed(data: unknown): unknown {
	if (typeof data !== "string") return data;
	try {
		return JSON.parse(data) as unknown;
	} catch {
		return null;
	}
}

/** null: it is about something else, or not to be believed. */
export function readSignupEvent(origin: string, data: unknown): SignupEvent | null {
	if (!isOfMeta(origin)) return null;
	const said = parsed(data);
	if (!isObject(said) || said["type"] !== "WA_EMBEDDED_SIGNUP") return null;
	const event = textOf(said["event"]) ?? "";
	const about = isObject(said["data"]) ? said["data"] : {};
	const message = textOf(about["error_message"]);
	if (message !== null) return { kind: "failed", message, id: textOf(about["error_id"]) };
	if (event === "CANCEL" || event === "ERROR")
		return { kind: "cancelled", step: textOf(about["current_step"]) };
	const wabaId = textOf(about["waba_id"]);
	if (!FINISHED.has(event) || wabaId === null || !/^\d{1,32}$/.test(wabaId)) return null;
	const number = textOf(about["phone_number_id"]);
	return {
		kind: "finished",
		wabaId,
		phoneNumberId: number !== null && /^\d{1,32}$/.test(number) ? number : null,
	};
}

/** What the window is opened with. */
export function loginOptions(configId: string, mode: SignupMode): object {
	return {
		config_id: configId,
		response_type: "code",
		override_default_response_type: true,
		extras: {
			setup: {},
			featureType: mode === "coexistence" ? "whatsapp_business_app_onboarding" : "",
			sessionInfoVersion: "3",
		},
	};
}
