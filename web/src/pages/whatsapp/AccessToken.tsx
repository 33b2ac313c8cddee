/*
 * The access token of a number that was registered without one. What always holds: it is sent once
 * and kept nowhere here; a number that has one does not show this.
 */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type SyntheticEvent } from "react";
import { api } from "../../api/client";
import { keys } from "../../api/keys";
import { useT } from "../../i18n";
import { useSession } from "../../shell/session";
import { useToast } from "../../shell/toasts";
import { Button, cx, Field, FormError, Panel, ui, useFaults } from "../../ui";
import { texts } from "./messages";
import css from "./whatsapp.module.css";

export function AccessToken({ id }: { id: string }) {
	const t = useT(texts);
	const { slug } = useSession();
	const cache = useQueryClient();
	const say = useToast();
	const [token, setToken] = useState("");
	const save = useMutation({
		mutationFn: () =>
			api.patch("/api/connections/{id}", { path: { id }, body: { accessToken: token.trim() } }),
		onSuccess: () => {
			say(t("token.saved"));
			void cache.invalidateQueries({ queryKey: keys.connections(slug) });
		},
	});
	const fault = useFaults(save.error, { accessToken: t("wrong.token") });
	return (
		<Panel title={t("token.give")}>
			<form
				className={cx(ui.stack, css.narrow)}
				onSubmit={(e: SyntheticEvent) => {
					e.preventDefault();
					if (token.trim() !== "") save.mutate();
				}}
			>
				<Field label={t("token")} hint={t("token.give.hint")} error={fault("accessToken")}>
					{(ids) => (
						<input
							{...ids}
							type="password"
							autoComplete="off"
							value={token}
							onChange={(e) => setToken(e.target.value)}
						/>
					)}
				</Field>
				<FormError error={save.error} inPlace={["accessToken"]} />
				<div>
					<Button type="submit" disabled={token.trim() === "" || save.isPending}>
						{t("token.save")}
					</Button>
				</div>
			</form>
		</Panel>
	);
}
