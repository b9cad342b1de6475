namespace Proxyless;

/// <summary>A class and its share.</summary>
/// <param name="Class">The name.</param>
/// <param name="Probability">The softmax of the model's scores, 0..1.</param>
public sealed record ClassProbability(string Class, double Probability);

/// <summary>What a model takes a photo for.</summary>
/// <param name="Image">The file.</param>
/// <param name="Classes">The likeliest classes, best first.</param>
public sealed record Prediction(string Image, IReadOnlyList<ClassProbability> Classes);
