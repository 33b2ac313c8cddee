/* What the settings route says, read. Pure. */

/** Without these a number cannot be connected through Meta. */
export const META_SETTINGS = [
	"META_APP_ID",
	"META_APP_SECRET",
	"META_VERIFY_TOKEN",
	"META_CONFIG_ID",
] as const;

/** Those of the names that have no value; of a secret the server says only `unset`. */
export function missingSettings(
	settings: Readonly<Record<string, string>>,
	names: readonly string[],
): string[] {
	return names.filter((name) => {
		const value = settings[name] ?? "";
		return value === "" || value === "unset";
	});
}
