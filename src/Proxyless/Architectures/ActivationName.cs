namespace Proxyless.Architectures;

/// <summary>The names of activations, in both formats of an architecture and in that of a space.</summary>
internal static class ActivationName
{
    private const string Relu = "relu";
    private const string Relu6 = "relu6";

    public static string Of(Activation activation) => activation == Activation.Relu ? Relu : Relu6;

    /// <exception cref="InvalidInputException">The value is not the name of an activation.</exception>
    public static Activation Read(JsonEntry entry) => Parse(entry.Text(), entry.Error);

    /// <param name="text">The name.</param>
    /// <param name="error">
    /// Creates the exception to throw if it is not one, from the text of what is wrong with it.
    /// </param>
    public static Activation Parse(string text, Func<string, InvalidInputException> error) =>
        text switch
        {
            Relu6 => Activation.Relu6,
            Relu => Activation.Relu,
            _ => throw error($"is '{text}'; allowed are {Relu6} and {Relu}"),
        };
}
