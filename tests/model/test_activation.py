"""The exchanged activation is the activation."""

import torch
from transformers.activations import NewGELUActivation

from novelgpt.model.networks.activation import fuse_activations
from tests.tiny import tiny_network


def test_values_and_gradients_are_those_of_gelu_new() -> None:
    network = tiny_network()
    fuse_activations(network)
    fused = network.transformer.h[0].mlp.act
    assert not isinstance(fused, NewGELUActivation)
    inputs = [torch.linspace(-8, 8, 4001, requires_grad=True) for _ in range(2)]
    for function, values in zip((fused, NewGELUActivation()), inputs, strict=True):
        function(values).pow(2).sum().backward()
    torch.testing.assert_close(fused(inputs[0]), NewGELUActivation()(inputs[1]), atol=1e-6, rtol=1e-5)
    torch.testing.assert_close(inputs[0].grad, inputs[1].grad, atol=1e-5, rtol=1e-4)


def test_every_layer_is_reached_and_the_configuration_stays() -> None:
    network = tiny_network()
    fuse_activations(network)
    assert not any(isinstance(module, NewGELUActivation) for module in network.modules())
    assert network.config.activation_function == "gelu_new"
