"""Penalties: what a large coefficient costs. One file each, and one line here."""

from functools import partial

from sk_gd.penalties.elastic_net import ElasticNet, soft_threshold

PENALTIES = {
    "l2": partial(ElasticNet, l1_ratio=0.0),
    "l1": partial(ElasticNet, l1_ratio=1.0),
    "elastic_net": ElasticNet,
    "non_negative": partial(ElasticNet, positive=True),
}

__all__ = ["PENALTIES", "ElasticNet", "soft_threshold"]
