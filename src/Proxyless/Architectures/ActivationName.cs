
namespace Proxyless.Architectures;

/// <summary>The names of activations in both formats of an architecture.</summary>
internal static class ActivationName
{
    private const string Relu = "relu";
    private const string Relu6 = "relu6";

    public static string Of(Activation activation) => activation == Activation.Relu ? Relu : Relu6;

    /// <exception cref="InvalidInputException">The value is no activation's name.</exception>
    public static Activation Read(JsonEntry entry) => entry.Text() switch
    {
        Relu6 => Activation.Relu6,
        Relu => Activation.Relu,
        var other => throw entry.Error($"is '{other}'; allowed are {Relu6} and {Relu}"),
    };
}
