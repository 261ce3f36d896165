package caddymodule

import (
	"slices"

	"github.com/prometheus/client_golang/prometheus"
)

// stateCollector collects how the handlers of the process are when somebody
// looks. All registries may have it: there is nothing to begin anew. Handlers
// have their ids of the admin API as the label "handler".
type stateCollector struct{}

func stateDesc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, labels, nil)
}

var (
	descDown = stateDesc("caddy_scim_upstream_down",
		"Upstreams that count as down now.")
	descWaiting = stateDesc("caddy_scim_upstream_calls_waiting",
		"Calls that wait for their turn now.")
	descMapping = stateDesc("caddy_scim_mapping_info",
		"Which mapping file is in use; always 1.", "handler", "version")
	descFacts = stateDesc("caddy_scim_correlations_facts",
		"How many facts are remembered about which id belongs to whom.", "handler")
	descSize = stateDesc("caddy_scim_correlations_size",
		"How many facts may be remembered.", "handler")
	descHits = stateDesc("caddy_scim_correlations_hits_total",
		"How often a fact was asked for and was there.", "handler")
	descMisses = stateDesc("caddy_scim_correlations_misses_total",
		"How often a fact was asked for and was not there.", "handler")
	descScans = stateDesc("caddy_scim_correlations_scans_total",
		"How often a list of the API was read from its beginning.", "handler")
	descUsed = stateDesc("caddy_scim_max_deactivations_used",
		"How many deactivations and deletions count towards the limit max_deactivations now.", "handler")
	descLimit = stateDesc("caddy_scim_max_deactivations",
		"The limit max_deactivations.", "handler")
	descExpiry = stateDesc("caddy_scim_token_expiry_timestamp_seconds",
		"When a token that expires is accepted no more, in seconds since 1970.", "handler", "token")
)

// Describe implements [prometheus.Collector].
func (stateCollector) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		descDown, descWaiting, descMapping, descFacts, descSize, descHits, descMisses, descScans, descUsed, descLimit, descExpiry,
	} {
		to <- d
	}
}

// Collect implements [prometheus.Collector].
func (stateCollector) Collect(to chan<- prometheus.Metric) {
	value := func(d *prometheus.Desc, kind prometheus.ValueType, v float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, kind, v, labels...)
	}
	value(descDown, prometheus.GaugeValue, upstreamsDown())
	value(descWaiting, prometheus.GaugeValue, callsWaiting())
	all := live.all()
	for _, h := range eachID(all) {
		id := h.id()
		value(descMapping, prometheus.GaugeValue, 1, id, h.mapping.Version)
		memory := h.correlations.status()
		value(descFacts, prometheus.GaugeValue, float64(memory.Facts), id)
		value(descSize, prometheus.GaugeValue, float64(memory.Size), id)
		value(descHits, prometheus.CounterValue, float64(memory.Hits), id)
		value(descMisses, prometheus.CounterValue, float64(memory.Misses), id)
		value(descScans, prometheus.CounterValue, float64(memory.Scans), id)
		if d := h.guards(h.now()).MaxDeactivations; d != nil {
			value(descUsed, prometheus.GaugeValue, float64(d.Used), id)
			value(descLimit, prometheus.GaugeValue, float64(d.Count), id)
		}
	}
	// Handlers with one id may have different tokens.
	told := make(map[[2]string]bool)
	for _, h := range slices.Backward(all) {
		own, _ := h.auth.(*ownTokens)
		if own == nil {
			continue
		}
		for _, t := range own.tokens {
			if key := [2]string{h.id(), t.name}; !t.end.IsZero() && !told[key] {
				told[key] = true
				value(descExpiry, prometheus.GaugeValue, float64(t.end.Unix()), key[0], key[1])
			}
		}
	}
}
