/*
 * Applies what was parked while a number was not registered. The server does it by itself for what
 * the operator registers; what a client's administrator registered waits for the operator's word.
 */
import { useMutation } from "@tanstack/react-query";
import { api } from "../api/client";
import { useT, type Messages } from "../i18n";
import { useToast } from "../shell/toasts";
import { Button, FormError, ui } from "../ui";

export const texts = {
	release: ["Liberar o que espera por este número", "Release what waits for this number"],
	released: [
		"{n} parte de webhook na fila para ser aplicada||{n} partes de webhooks na fila para serem aplicadas",
		"{n} part of a webhook queued to be applied||{n} parts of webhooks queued to be applied",
	],
	nothing: ["Nada esperava por este número", "Nothing waited for this number"],
} as const satisfies Messages;

export function Release({ connection, onDone }: { connection: string; onDone?: () => void }) {
	const t = useT(texts);
	const say = useToast();
	const release = useMutation({
		mutationFn: () => api.post("/api/connections/{id}/release", { path: { id: connection } }),
		onSuccess: ({ released }) => {
			say(released === 0 ? t("nothing") : t("released", { n: released }));
			onDone?.();
		},
	});
	return (
		<div className={ui.stack}>
			<div>
				<Button onClick={() => release.mutate()} disabled={release.isPending}>
					{t("release")}
				</Button>
			</div>
			<FormError error={release.error} />
		</div>
	);
}
