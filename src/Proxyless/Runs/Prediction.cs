using System.Text.Json.Serialization;
using Proxyless.Inference;

namespace Proxyless.Runs;

/// <summary>What a model takes a photo for, or why it cannot be told.</summary>
/// <param name="Image">The file; where there is an <see cref="Error"/>, perhaps a folder.</param>
/// <param name="Classes">The likeliest classes, best first; none where there is an <see cref="Error"/>.</param>
public sealed record Prediction(string Image, IReadOnlyList<ClassProbability> Classes)
{
    /// <summary>Why the file was not read, as a sentence that names it; null where it was.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Error { get; init; }
}
