namespace Proxyless.Export;

/// <summary>The size of an ONNX file, which its format limits to 2 GB.</summary>
internal static class ModelSize
{
    /// <summary>The most parameters of a model, of 4 bytes each; some room is left for nodes and names.</summary>
    public const long MostParameters = 500_000_000;

    /// <summary>Rejects a model that no file can hold.</summary>
    /// <param name="name">What to call it.</param>
    /// <param name="parameters">Number of its parameters.</param>
    /// <exception cref="InvalidInputException">There are more than <see cref="MostParameters"/>.</exception>
    public static void Require(string name, long parameters)
    {
        if (parameters > MostParameters)
        {
            throw new InvalidInputException(
                Invariant($"'{name}' has {parameters:N0} parameters, and the file of a model (ONNX) ends at 2 GB: at ")
                    + Invariant($"most {MostParameters:N0} are possible; fewer classes or narrower layers have fewer")
            );
        }
    }
}
